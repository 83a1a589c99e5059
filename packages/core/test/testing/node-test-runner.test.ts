import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'

/** Runs the suite under node:test, from the published entry point, against a driver that can do next to nothing. */
function runSuite(capabilities: string): { readonly status: number | null; readonly said: string } {
  const script = `
    import { describe, test } from 'node:test'
    import { testDriver } from '@cli-ops/shared-ipc/testing'

    const createDriver = () => ({ name: 'nothing', capabilities: ${capabilities}, close: async () => {} })
    testDriver({ describe, test }, { name: 'nothing', createDriver, url: 'nothing:' })`
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--test-reporter=tap', '--input-type=module', '-e', script],
    { encoding: 'utf8', env: { ...process.env, NODE_TEST_CONTEXT: '' } },
  )
  return { status, said: stdout + stderr }
}

const NONE =
  '{ leases: false, sharedLocks: false, synchronous: false, replay: false, durableGroups: false, remote: false }'

test('runs under node:test, and reports what is skipped and why', () => {
  const { status, said } = runSuite(NONE)
  expect(said).toContain('ok 1 - reports its name and capabilities')
  expect(said).toMatch(
    /ok \d+ - serves waiters in the order of arrival \(skipped: the driver has no locks\) # SKIP/u,
  )
  expect(status).toBe(0)
})

test('fails under node:test where a promise is broken', () => {
  const { status, said } = runSuite('{}')
  expect(said).toContain('not ok 1 - reports its name and capabilities')
  expect(status).not.toBe(0)
})
