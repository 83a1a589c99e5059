import { constants } from 'node:os'

import { expect, test } from 'vitest'

import { systemErrorCode } from '../../../src/base/errors/system-error-code.js'

function failed(code: string, errno: number): Error {
  return Object.assign(new Error(code), { code, errno })
}

test('a name that Node knows stays unchanged', () => {
  expect(systemErrorCode(failed('ENOSPC', -constants.errno.ENOSPC))).toBe('ENOSPC')
})

test.skipIf(process.platform === 'win32').each(['EDQUOT', 'ESTALE', 'EBADMSG'] as const)(
  '%s gets its name, which Node does not know',
  (name) => {
    const errno = -constants.errno[name]
    // As a write reports it, and as calls that take a path do.
    expect(systemErrorCode(failed('UNKNOWN', errno))).toBe(name)
    expect(systemErrorCode(failed(`Unknown system error ${errno}`, errno))).toBe(name)
  },
)

test.runIf(process.platform === 'linux')('EUCLEAN gets its name', () => {
  expect(systemErrorCode(failed('Unknown system error -117', -117))).toBe('EUCLEAN')
})

test('an error without a number keeps its code', () => {
  expect(systemErrorCode(Object.assign(new Error('no'), { code: 'UNKNOWN' }))).toBe('UNKNOWN')
  expect(systemErrorCode(undefined)).toBeUndefined()
  expect(systemErrorCode(new Error('no'))).toBeUndefined()
})
