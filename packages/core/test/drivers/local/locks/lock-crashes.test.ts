import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { LockManager } from '@cli-ops/shared-ipc'
import { afterEach, describe, expect, test, vi } from 'vitest'
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

async function startActor(home: string): Promise<LockActor> {
  const [actor] = await startActors(home, 1)
  return actor!
}

function inMs(ms: number): string {
  return String(process.hrtime.bigint() + BigInt(ms) * 1_000_000n)
}

describe('a dead holder', () => {
  test('is followed by its waiters in order, with rising tokens', async () => {
    const home = temporaryHome()
    const [holder, ...waiters] = await startActors(home, 5)
    const first = await holder!.call<{ token: string }>('lock', { resource: 'db' })
    const order: number[] = []
    const tokens = [BigInt(first.token)]
    const turns: Promise<void>[] = []
    for (const [index, waiter] of waiters.entries()) {
      const turn = waiter.call<{ token: string }>('lock', { resource: 'db' })
      await waiter.waits('db')
      turns.push(
        turn.then(async ({ token }) => {
          order.push(index)
          tokens.push(BigInt(token))
          // Half of them die while holding the lock.
          if (index % 2 === 0) await waiter.kill()
          else await waiter.call('release', { as: 'db' })
        }),
      )
    }
    await holder!.kill()
    await Promise.all(turns)
    expect(order).toEqual([0, 1, 2, 3])
    expect(tokens).toEqual([...tokens].sort((one, other) => (one < other ? -1 : 1)))
    expect(new Set(tokens).size).toBe(5)
  })

  test('is shown as free, reported once by the clean-up, and leaves nothing', async () => {
    const home = temporaryHome()
    const locks = new LockManager({ home })
    const [holder, waiter] = await startActors(home, 2)
    const { id } = await holder!.call<{ id: string }>('lock', { resource: 'db' })
    void waiter!.call('lock', { resource: 'db' }).catch(() => undefined)
    await waiter!.waits('db')
    const [, , , identity] = holdersIn(home)[0]!.split('~')
    mkdirSync(join(home, 'claims', `put~${id}~${identity}`))
    await Promise.all([waiter!.kill(), holder!.kill()])

    expect(await locks.isLocked('db')).toBe(false)
    expect(await locks.list()).toEqual([])
    const freed = await locks.cleanStaleLocks()
    expect(freed).toMatchObject([
      { resource: 'db', id, owner: { pid: holder!.pid, state: 'dead' } },
    ])
    expect(await locks.cleanStaleLocks()).toEqual([])
    expect(holdersIn(home)).toEqual([])
    for (const folder of ['queues', 'claims']) expect(namesIn(home, folder)).toEqual([])
  })

  test('is recognised while it is a zombie that nobody has waited for', async () => {
    const home = temporaryHome()
    // The shell replaces itself with sleep, which never collects its child.
    const actor = fileURLToPath(new URL('../../../fixtures/lock-once.mjs', import.meta.url))
    const parent = spawn(
      'sh',
      ['-c', '"$0" "$1" "$2" & exec sleep 60', process.execPath, actor, home],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    )
    await once(parent.stdout, 'data')
    const locks = new LockManager({ home })
    const info = await locks.inspect('db')
    expect(info).toMatchObject({ owner: { state: 'running' } })
    process.kill(info!.owner.pid, 'SIGKILL')
    const lock = await locks.lock('db')
    await lock.release()
    parent.kill('SIGKILL')
  })

  test('is recognised when it was a worker thread of a process that lives on', async () => {
    const home = temporaryHome()
    const script = `
      import('@cli-ops/shared-ipc').then(async ({ LockManager }) => {
        const { parentPort, workerData } = require('node:worker_threads')
        await new LockManager({ home: workerData }).lock('db')
        setInterval(() => undefined, 60_000)
        parentPort.postMessage('held')
      })`
    const worker = new Worker(script, { eval: true, workerData: home })
    await once(worker, 'message')
    const locks = new LockManager({ home })
    expect(await locks.tryLock('db')).toBeNull()
    await worker.terminate()
    const lock = await locks.lock('db')
    expect(lock.token).toBeGreaterThan(0n)
    await lock.release()
  })
})

describe('a holder that is not dead', () => {
  test('keeps the lock while it is stopped, and is named', async () => {
    const home = temporaryHome()
    const [holder, waiter] = await startActors(home, 2)
    await holder!.call('lock', { resource: 'db' })
    holder!.signal('SIGSTOP')
    const wait = waiter!.call('lock', { resource: 'db', timeoutMs: 1500 })
    await expect(wait).rejects.toMatchObject({
      code: 'LOCK_TIMEOUT',
      message: expect.stringContaining(`pid ${holder!.pid}`) as string,
    })
    const info = await new LockManager({ home }).inspect('db')
    expect(info?.owner.state).toBe('stopped')
    holder!.signal('SIGCONT')
    expect(await holder!.call('isHeld', { as: 'db' })).toBe(true)
    await holder!.call('release', { as: 'db' })
    expect(holdersIn(home)).toEqual([])
  })
})

describe('a waiter', () => {
  test.each(['abort', 'exit', 'SIGKILL', 'SIGTERM'] as const)(
    'that ends by %s blocks no other',
    async (how) => {
      const home = temporaryHome()
      const [holder, first, second] = await startActors(home, 3)
      await holder!.call('lock', { resource: 'db' })
      const ended = first!.call('lock', { resource: 'db' }).catch((error: unknown) => error)
      await first!.waits('db')
      const turn = second!.call('lock', { resource: 'db' })
      await second!.waits('db')
      expect(namesIn(home, 'queues', 'db')).toHaveLength(2)
      if (how === 'abort') await first!.call('abort', { as: 'db' })
      else if (how === 'exit') await first!.call('exit', { code: 0 }).catch(() => undefined)
      else await first!.kill(how)
      if (how === 'abort' || how === 'exit') expect(namesIn(home, 'queues', 'db')).toHaveLength(1)
      if (how === 'abort') expect(await ended).toMatchObject({ message: 'enough' })
      await holder!.call('release', { as: 'db' })
      await turn
    },
  )

  test('that is stopped is skipped, and gets its turn when it continues', async () => {
    const home = temporaryHome()
    const [holder, stopped, next] = await startActors(home, 3)
    await holder!.call('lock', { resource: 'db' })
    const late = stopped!.call('lock', { resource: 'db' })
    await stopped!.waits('db')
    stopped!.signal('SIGSTOP')
    const turn = next!.call('lock', { resource: 'db' })
    await next!.waits('db')
    await holder!.call('release', { as: 'db' })
    await turn
    stopped!.signal('SIGCONT')
    await next!.call('release', { as: 'db' })
    await late
  })

  test('whose event loop is blocked is skipped after a second', async () => {
    const home = temporaryHome()
    const [holder, blocked, next] = await startActors(home, 3)
    await holder!.call('lock', { resource: 'db' })
    void blocked!.call('lock', { resource: 'db' }).catch(() => undefined)
    await blocked!.waits('db')
    const turn = next!.call('lock', { resource: 'db' })
    await next!.waits('db')
    void blocked!.call('block', { ms: 20_000 }).catch(() => undefined)
    // Once it does not answer, it has begun to block: its replies arrive in order.
    await vi.waitFor(() => expect(blocked!.process.connected).toBe(true), 20_000)
    await holder!.call('release', { as: 'db' })
    await turn
  })

  test('is not passed by a newcomer', async () => {
    const home = temporaryHome()
    const [holder, waiter, newcomer] = await startActors(home, 3)
    await holder!.call('lock', { resource: 'db', mode: 'shared' })
    const turn = waiter!.call('lock', { resource: 'db' })
    await waiter!.waits('db')
    // It could share with the holder, and so could all after it, forever.
    expect(await newcomer!.call('tryLock', { resource: 'db', mode: 'shared' })).toBeNull()
    await holder!.call('release', { as: 'db' })
    await turn
    await waiter!.call('release', { as: 'db' })
    expect(await newcomer!.call('tryLock', { resource: 'db', mode: 'shared' })).not.toBeNull()
  })
})

test('consecutive sharers enter together, an exclusive waiter alone', async () => {
  const home = temporaryHome()
  const [holder, one, two, alone] = await startActors(home, 4)
  await holder!.call('lock', { resource: 'db' })
  const shared = [one!, two!].map((actor) => actor.call('lock', { resource: 'db', mode: 'shared' }))
  await Promise.all([one!.waits('db'), two!.waits('db')])
  const exclusive = alone!.call('lock', { resource: 'db' })
  await alone!.waits('db')
  await holder!.call('release', { as: 'db' })
  await Promise.all(shared)
  expect(holdersIn(home)).toHaveLength(2)
  await one!.call('release', { as: 'db' })
  expect(namesIn(home, 'queues', 'db')).toHaveLength(1)
  await two!.call('release', { as: 'db' })
  await exclusive
  expect(holdersIn(home)).toHaveLength(1)
})

test('contending processes are never inside together, and tokens never repeat', async () => {
  const home = temporaryHome()
  const racers = await startActors(home, 4)
  const input = { resource: 'db', startNs: inMs(20), marker: join(home, 'inside'), rounds: 100 }
  const results = await Promise.all(racers.map((racer) => racer.call<string[]>('race', input)))
  const tokens = results.flat().map(BigInt)
  expect(new Set(tokens).size).toBe(400)
})

test('a forced release with an old id never affects the newer owner', async () => {
  const home = temporaryHome()
  const locks = new LockManager({ home })
  const [first, second] = await startActors(home, 2)
  const { id } = await first!.call<{ id: string }>('lock', { resource: 'db' })
  const turn = second!.call<{ id: string }>('lock', { resource: 'db' })
  await second!.waits('db')
  const released = await Promise.all([locks.forceRelease('db', id), locks.forceRelease('db', id)])
  expect(released.filter(Boolean)).toHaveLength(1)
  const newer = await turn
  expect(await locks.forceRelease('db', id)).toBe(false)
  expect(await first!.call('isHeld', { as: 'db' })).toBe('LOCK_LOST')
  // A late release by the owner that lost the lock does not affect the newer owner either.
  await first!.call('release', { as: 'db' })
  expect(await second!.call('isHeld', { as: 'db' })).toBe(true)
  expect((await locks.inspect('db'))?.id).toBe(newer.id)
})

test('an entry whose content is lost or garbage is judged by its name', async () => {
  const home = temporaryHome()
  const locks = new LockManager({ home })
  const holder = await startActor(home)
  await holder.call('lock', { resource: 'Größe/1' })
  const [directory] = namesIn(home, 'locks')
  const [entry] = namesIn(home, 'locks', directory!)
  for (const content of [
    '',
    '{"resource":',
    '[]',
    'null',
    '{"name":7,"since":"x","token":-1,"resource":"db"}',
  ]) {
    writeFileSync(join(home, 'locks', directory!, entry!), content)
    expect(await locks.inspect('Größe/1')).toMatchObject({
      resource: 'Größe/1',
      owner: { name: 'unknown program', pid: holder.pid, state: 'running' },
    })
    expect(await locks.tryLock('Größe/1')).toBeNull()
  }
  await holder.kill()
  expect(await locks.tryLock('Größe/1')).not.toBeNull()
})

test('a wait keeps its process alive', async () => {
  const home = temporaryHome()
  const locks = new LockManager({ home })
  const lock = await locks.lock('db')
  const script = fileURLToPath(new URL('../../../fixtures/lock-once.mjs', import.meta.url))
  const child = spawn(process.execPath, [script, home], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(child, 'exit').then(() => 'ended')
  const held = once(child.stdout, 'data').then(() => 'held')
  await vi.waitFor(() => expect(namesIn(home, 'queues', 'db')).toHaveLength(1), 60_000)
  await lock.release()
  expect(await Promise.race([held, ended])).toBe('held')
  child.kill('SIGKILL')
  await ended
})

test('a command that has done its work ends, whatever watches its lock', () => {
  const home = temporaryHome()
  const script = `
    import { LockManager } from '@cli-ops/shared-ipc'
    const lock = await new LockManager({ home: process.argv[1] }).lock('db')
    lock.signal.addEventListener('abort', () => undefined)`
  const { status } = spawnSync(process.execPath, ['--input-type=module', '-e', script, home], {
    cwd: fileURLToPath(new URL('.', import.meta.url)),
    timeout: 20_000,
  })
  expect(status).toBe(0)
  // Released at exit, although the program forgot to.
  expect(holdersIn(home)).toEqual([])
})
