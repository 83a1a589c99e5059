import { constants } from 'node:os'

import { expect, test } from 'vitest'

import { systemErrorCode } from '../../../src/base/errors/system-error-code.js'

function failed(code: string, errno: number): Error {
  return Object.assign(new Error(code), { code, errno })
}

test('a name that Node knows is left as it is', () => {
  expect(systemErrorCode(failed('ENOSPC', -constants.errno.ENOSPC))).toBe('ENOSPC')
})

test.skipIf(process.platform === 'win32').each(['EDQUOT', 'ESTALE', 'EBADMSG'] as const)(
  '%s has a name, which Node does not know',
  (name) => {
    const errno = -constants.errno[name]
    // As a write says it, and as the calls do that take a path.
    expect(systemErrorCode(failed('UNKNOWN', errno))).toBe(name)
    expect(systemErrorCode(failed(`Unknown system error ${errno}`, errno))).toBe(name)
  },
)

test.runIf(process.platform === 'linux')('so has EUCLEAN', () => {
  expect(systemErrorCode(failed('Unknown system error -117', -117))).toBe('EUCLEAN')
})

test('what has no number keeps its code', () => {
  expect(systemErrorCode(Object.assign(new Error('no'), { code: 'UNKNOWN' }))).toBe('UNKNOWN')
  expect(systemErrorCode(undefined)).toBeUndefined()
  expect(systemErrorCode(new Error('no'))).toBeUndefined()
})
