import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { runSuite } from './run-suite.js'
import { noWindows, WindowsMachine } from './windows-machine.js'

/** `npm test` runs what takes seconds, `npm run test:windows` everything. */
const { CLI_OPS_WINDOWS = 'turns' } = process.env

describe.skipIf(noWindows !== undefined)(`on Windows (${noWindows ?? 'all'})`, () => {
  const machine = new WindowsMachine()
  beforeAll(() => machine.start())
  afterAll(() => {
    machine.end()
  })

  test.each(CLI_OPS_WINDOWS.split(' '))('%s', { timeout: 3_600_000 }, async (suite) => {
    const tests = await runSuite(machine, suite)
    for (const { name, outcome, seconds } of tests)
      if (process.env['CLI_OPS_WINDOWS'] !== undefined)
        console.log(`${outcome} ${name} (${seconds} s)`)
    expect(tests.filter(({ outcome }) => outcome === 'failed')).toEqual([])
    expect(tests.filter(({ outcome }) => outcome === 'passed')).not.toEqual([])
  })
})
