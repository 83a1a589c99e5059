import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { describe, expect, test } from 'vitest'

import { CliOpsUser } from './fixtures/cli-ops-user.js'
import { parentOf, waitUntilState } from './fixtures/process-table.js'

/** A program that prints its pid, and ends successfully when the file appears. */
const UNTIL_FILE = 'echo "pid=$$"; while ! test -e stop; do sleep 0.01; done'

async function types(user: CliOpsUser): Promise<unknown[]> {
  const events = await user.coordinator().events.read('*')
  return events.map(({ data }) => data)
}

describe('the event of a run', () => {
  test.each(['SIGSTOP', 'SIGKILL'] as const)(
    'is stored before the next run has the lock, whatever happens to cli-ops: %s',
    async (signal) => {
      const user = new CliOpsUser()
      const first = user.start('run', '-l', 'db', '-e', 'a:done=1', 'bash', '-c', UNTIL_FILE)
      await first.says('pid=')
      first.child.kill(signal)
      const second = user.start('run', '-l', 'db', '-e', 'a:done=2', 'true')
      await second.says('waiting for "db"')
      writeFileSync(join(user.directory, 'stop'), '')
      expect(await second.ended).toMatchObject({ status: 0 })
      expect(await types(user)).toEqual([1, 2])
      first.child.kill('SIGCONT')
      const status = signal === 'SIGSTOP' ? 0 : 'SIGKILL'
      expect(await first.ended).toMatchObject({ status, stderr: '' })
    },
  )

  test('kill -9 of cli-ops while it waits ends the wait, and the program never begins', async () => {
    const user = new CliOpsUser()
    const ops = user.coordinator()
    const lock = await ops.locks.lock('db')
    const waiting = user.start('run', '-l', 'db', '-e', 'a:done', '--', 'echo', 'never')
    await waiting.says('waiting for "db"')
    waiting.child.kill('SIGKILL')
    // All its children have its pipes, so this is their end as well.
    expect((await waiting.ended).stdout).toBe('')
    expect((await ops.locks.inspect('db'))?.waiters).toEqual([])
    await lock.release()
  })

  test('is not stored if the lock was lost, and a stopped program keeps its lock', async () => {
    const user = new CliOpsUser()
    const ops = user.coordinator()
    const running = user.start('run', '-l', 'db', '-e', 'a:done', 'bash', '-c', UNTIL_FILE)
    await running.says('pid=')
    const { owner, id } = (await ops.locks.inspect('db'))!
    process.kill(owner.pid, 'SIGSTOP')
    await waitUntilState(owner.pid, 'T')
    expect(await ops.locks.tryLock('db')).toBeNull()
    process.kill(owner.pid, 'SIGCONT')
    await ops.locks.forceRelease('db', id)
    expect(await running.ended).toMatchObject({ status: 76 })
    expect(await types(user)).toEqual([])
  })

  test.each([
    ['exit 143', 143],
    ['kill -TERM $$', 'SIGTERM'],
    ['exit 7', 7],
  ])('"%s" ends cli-ops in the same way', async (script, status) => {
    const user = new CliOpsUser()
    const end = await user.run('run', '-l', 'db', '-e', 'a:done', '--', 'bash', '-c', script)
    expect(end).toEqual({ status, stdout: '', stderr: '' })
  })

  test('the program has the descriptors of the script, and no others', async () => {
    const user = new CliOpsUser()
    const { stdout } = await user.bash(`
      cli-ops run -l db -e a:done -- bash -c 'echo five >&5; echo /proc/self/fd/*' 5>log
      cat log`).ended
    const numbers = [...stdout.matchAll(/fd\/(\d+)/gu)].map(([, fd]) => Number(fd))
    // The last one is the list itself.
    expect(numbers.filter((fd) => fd > 2 && fd < 20).sort((a, b) => a - b)).toEqual([3, 5])
    expect(stdout).toContain('five\n')
  })

  test('kill -9 of the process that follows the program ends cli-ops in the same way, and leaves the lock', async () => {
    const user = new CliOpsUser()
    const running = user.start('run', '-l', 'db', '-e', 'a:done', 'bash', '-c', UNTIL_FILE)
    await running.says('pid=')
    const program = Number(/pid=(\d+)/u.exec(running.stdout())?.[1])
    const second = parentOf(program)
    expect(parentOf(second)).toBe(running.child.pid)
    process.kill(second, 'SIGKILL')
    await expect.poll(() => running.child.signalCode, { timeout: 15_000 }).toBe('SIGKILL')
    const ops = user.coordinator()
    expect(await ops.locks.inspect('db')).toMatchObject({ owner: { pid: program } })
    const next = ops.locks.lock('db')
    writeFileSync(join(user.directory, 'stop'), '')
    await (await next).release()
  })
})
