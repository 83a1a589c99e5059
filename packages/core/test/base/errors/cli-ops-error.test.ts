import { CliOpsError } from '@cli-ops/shared-ipc'
import { expect, test } from 'vitest'

test.each(['NOPE', 'constructor', '', undefined])('%o is not a code', (code) => {
  expect(() => new CliOpsError(code as never, 'busy')).toThrow(/^code must be one of ERROR_CODES/u)
})
