import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { LockManager } from '@cli-ops/shared-ipc'
import { afterEach, expect, test, vi } from 'vitest'
import { LockActor } from '../../../fixtures/start-lock-actor.js'
import { holdersIn, namesIn, temporaryHome } from '../../../fixtures/temporary-home.js'

const actors: LockActor[] = []
afterEach(async () => {
  await Promise.all(actors.splice(0).map((actor) => actor.end()))
})

async function startActors(home: string, count: number): Promise<LockActor[]> {
  const started = await Promise.all(Array.from({ length: count }, () => LockActor.start(home)))
  actors.push(...started)
  return started
}

/** Gives each actor the lock of its number, then lets each request the next one's in a given order. */
async function makeRing(home: string, count: number, order: readonly number[]): Promise<unknown[]> {
  const ring = await startActors(home, count)
  const results = ring.map((actor, index) =>
    actor
      .call('nest', { outer: `lock-${index}`, inner: `lock-${(index + 1) % count}` })
      .catch((error: unknown) => error),
  )
  await Promise.all(
    ring.map((actor, index) => actor.message((message) => message['inside'] === `lock-${index}`)),
  )
  for (const [turn, index] of order.entries()) {
    ring[index]!.process.send({ go: true })
    if (turn === order.length - 1) break
    const queue = `lock-${(index + 1) % count}`
    await vi.waitFor(() => expect(namesIn(home, 'queues', queue)).toHaveLength(1), 60_000)
  }
  return Promise.all(results)
}

test('of two processes that wait for each other the younger waiter gives up', async () => {
  const home = temporaryHome()
  const [older, younger] = await makeRing(home, 2, [0, 1])
  expect(older).toBe('done')
  expect(younger).toMatchObject({ code: 'LOCK_DEADLOCK' })
  // The message names who holds what and who waits for what.
  expect((younger as Error).message).toMatch(
    /^waiting for "lock-0" would never end: "lock-0" is held by lock-actor \(pid \d+, .*\), which waits for "lock-1"; "lock-1" is held by .*, the caller itself$/u,
  )
  expect(holdersIn(home)).toEqual([])
  expect(namesIn(home, 'queues')).toEqual([])
})

test('a ring of three has one victim', async () => {
  const results = await makeRing(temporaryHome(), 3, [1, 0, 2])
  expect(results.slice(0, 2)).toEqual(['done', 'done'])
  expect(results[2]).toMatchObject({ code: 'LOCK_DEADLOCK' })
})

test('a child that needs what its waiting parent holds is told so', async () => {
  const home = temporaryHome()
  const script = `
    import { spawnSync } from 'node:child_process'
    import { LockManager } from '@cli-ops/shared-ipc'
    const [home, isParent] = process.argv.slice(1)
    const locks = new LockManager({ home })
    try {
      await locks.acquire('db', () => {
        if (!isParent) return
        const args = ['--input-type=module', '-e', process.env.SCRIPT, home]
        // Through a shell, as programs that start other programs often do.
        const command = [process.execPath, ...args].map((arg) => "'" + arg.replaceAll("'", "'\\\\''") + "'").join(' ')
        const { stdout } = spawnSync('sh', ['-c', command + '; true'], { encoding: 'utf8' })
        process.stdout.write(stdout)
      })
    } catch (error) {
      console.log(error.code, error.message)
    }`
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--input-type=module', '-e', script, home, 'parent'],
    {
      cwd: fileURLToPath(new URL('.', import.meta.url)),
      env: { ...process.env, SCRIPT: script },
      timeout: 25_000,
    },
  )
  expect(stdout).toMatch(
    /^LOCK_DEADLOCK waiting for "db" would never end: "db" is held by .*, which waits for this process to end$/mu,
  )
})

test('a child can wait for a lock that its parent took later, and for one it releases in time', async () => {
  const home = temporaryHome()
  const locks = new LockManager({ home })
  const [child] = await startActors(home, 1)
  const lock = await locks.lock('db')
  const turn = child!.call('lock', { resource: 'db' })
  await child!.waits('db')
  // Longer than the grace period of an ancestor.
  await new Promise((resolve) => setTimeout(resolve, 4500))
  await lock.release()
  await turn
})

test('independent flows of one process are not a cycle', async () => {
  const home = temporaryHome()
  const locks = new LockManager({ home })
  const [other] = await startActors(home, 1)
  // This process holds "lock-0" in one flow and waits for "lock-1" in another one; the other process does the reverse
  // in one flow. Only the holder of "lock-0" can end that, and it does.
  const lock = await locks.lock('lock-0')
  const nested = other!.call('nest', { outer: 'lock-1', inner: 'lock-0' })
  await other!.message((message) => message['inside'] === 'lock-1')
  const independent = locks.acquire('lock-1', () => 'done')
  other!.process.send({ go: true })
  await vi.waitFor(() => expect(namesIn(home, 'queues', 'lock-0')).toHaveLength(1), 60_000)
  // Past the first slow check.
  await new Promise((resolve) => setTimeout(resolve, 1500))
  await lock.release()
  expect(await nested).toBe('done')
  expect(await independent).toBe('done')
})
