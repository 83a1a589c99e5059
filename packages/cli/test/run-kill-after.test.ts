import { describe, expect, test } from 'vitest'

import { CliOpsUser } from './fixtures/cli-ops-user.js'
import { waitUntilState } from './fixtures/process-table.js'

/** Ignores requests to end, as do its children. */
const STUBBORN = `trap '' TERM INT HUP; sleep 600 & echo "pid=$! pid=$$"; while :; do wait; done`

async function stubborn(user: CliOpsUser, ...options: readonly string[]) {
  const running = user.start('run', '-l', 'db', ...options, '--', 'bash', '-c', STUBBORN)
  await running.says('pid=')
  const pids = [...running.stdout().matchAll(/pid=(\d+)/gu)].map(([, pid]) => Number(pid))
  return { running, pids }
}

describe('--kill-after', () => {
  test.each([[[]], [['-e', 'a:done']]])(
    'kills a program and its children if they go on after being asked to end (%j)',
    async (options) => {
      const user = new CliOpsUser()
      const { running, pids } = await stubborn(user, '--kill-after', '100ms', ...options)
      running.child.kill('SIGTERM')
      expect(await running.ended).toMatchObject({ status: 'SIGKILL' })
      for (const pid of pids) await waitUntilState(pid, undefined)
      expect(await user.coordinator().locks.inspect('db')).toBeNull()
    },
  )

  test('also starts when the lock is lost', async () => {
    const user = new CliOpsUser()
    const { locks } = user.coordinator()
    const { running, pids } = await stubborn(user, '--kill-after', '100ms')
    await locks.forceRelease('db', (await locks.inspect('db'))!.id)
    expect(await running.ended).toMatchObject({ status: 76 })
    for (const pid of pids) await waitUntilState(pid, undefined)
  })

  test('does not touch a program that ends in time, or was not asked to end', async () => {
    const user = new CliOpsUser()
    const script = `trap 'exit 3' TERM; trap 'echo told' USR1; echo pid=; while :; do sleep 0.01; done`
    const running = user.start('run', '-l', 'db', '--kill-after', '50ms', 'bash', '-c', script)
    await running.says('pid=')
    running.child.kill('SIGUSR1')
    await running.says('told')
    const other = await user.run('run', '-l', 'other', '--kill-after', '50ms', 'sleep', '0.2')
    expect(other.status).toBe(0)
    running.child.kill('SIGTERM')
    expect(await running.ended).toMatchObject({ status: 3 })
  })
})
