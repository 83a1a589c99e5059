import { expect, test } from 'vitest'

import { OPS_COMMANDS } from '../../src/command/ops-commands.js'
import { OPS_RUNS } from '../../src/ops/run-ops.js'

test('every `ops` command that plugins mount does something, and nothing else is there', () => {
  expect([...OPS_RUNS.keys()].sort()).toEqual(OPS_COMMANDS.map(({ path }) => path).sort())
})
