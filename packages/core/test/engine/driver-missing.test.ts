import { expect, test } from 'vitest'

import { driverMissing } from '../../src/engine/driver-missing.js'

const NAME = '@cli-ops/driver-redis'

test.each<[what: string, error: Error, install: string | undefined]>([
  [
    'a package that Node does not find',
    missing(`Cannot find package '${NAME}' imported from /app/index.js`),
    `${NAME} ioredis`,
  ],
  [
    'its client library',
    missing(`Cannot find package 'ioredis' imported from /app/index.js`),
    `${NAME} ioredis`,
  ],
  [
    "a package that Yarn's Plug'n'Play does not give",
    Object.assign(new Error('it is not declared'), { data: { dependencyName: NAME } }),
    `${NAME} ioredis`,
  ],
  ['another error', new SyntaxError('unexpected token'), undefined],
])('%s', (_what, error, install) => {
  const message = driverMissing(error, NAME, 'it needs a package:')?.message
  expect(message).toBe(
    install === undefined ? undefined : `it needs a package: npm install ${install}`,
  )
})

function missing(message: string): Error {
  return Object.assign(new Error(message), { code: 'ERR_MODULE_NOT_FOUND' })
}
