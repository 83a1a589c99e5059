import { setTimeout as delay } from 'node:timers/promises'

import { hashAccessKey } from '@cli-ops/driver-websocket/hub'
import { LockManager } from '@cli-ops/shared-ipc'
import { randomId } from '@cli-ops/shared-ipc/driver'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'

import { newRequest, openAt, take } from './drivers.js'
import { HubProcess } from './hub-process.js'
import { RawClient } from './raw-client.js'

const SECRET = 'secret-of-the-lease-tests'
const keys = [
  { name: 'ci', hash: hashAccessKey(SECRET), scopes: ['read', 'emit', 'lock', 'call'] as const },
]
// Longer than a hub takes to restart on a busy machine.
const LEASE_MS = 4_000

describe('a client’s lease at a hub that stores its locks in a home', () => {
  let hub: HubProcess
  const closers: (() => Promise<void>)[] = []
  /** A different name for each test: what the previous test left is kept until its lease ends. */
  let db: string
  beforeAll(async () => {
    vi.stubEnv('CLI_OPS_TOKEN', SECRET)
    hub = await HubProcess.start({ keys, leaseMs: LEASE_MS })
  })
  beforeEach(() => {
    db = randomId()
  })
  afterEach(async () => {
    for (const close of closers.splice(0)) await close()
    hub.resume()
    await hub.restart()
  })
  afterAll(async () => {
    await hub.stop()
    vi.unstubAllEnvs()
  })

  async function remote() {
    const driver = await openAt(hub.url, { token: SECRET, leaseMs: LEASE_MS, timeoutMs: 1_000 })
    closers.push(() => driver.close())
    return driver.locks
  }

  /** Returns the locks as a program on the hub's machine uses them. */
  function beside(): LockManager {
    const locks = new LockManager({ home: hub.home, url: 'local:', disabled: false })
    closers.push(() => locks.close())
    return locks
  }

  test('is shown on the hub’s machine with its owner, and the proven access key', async () => {
    const grant = await take(await remote(), db)
    const [info] = await beside().list()
    expect(info).toMatchObject({
      resource: db,
      id: grant.id,
      owner: { pid: process.pid, state: 'running', via: 'ci' },
    })
    await grant.release()
    expect(await beside().list()).toEqual([])
  })

  test('shows no terminal control sequences from a client’s claims', async () => {
    const raw = await RawClient.enter(hub.url, SECRET)
    const owner = {
      name: 'a\u001b[2J\nb',
      pid: 1,
      host: 'h\u202e',
      user: 'u'.repeat(9999),
      startedAt: 0,
    }
    await raw.call('locks.acquire', { resource: db, id: 'raw-1', held: [], owner })
    const info = await beside().inspect(db)
    expect(info?.owner).toMatchObject({ name: 'a?[2J b', host: 'h?', via: 'ci' })
    expect(info?.owner.user).toHaveLength(256)
    raw.socket.terminate()
  })

  test('is over before a program beside a killed hub gets the lock', async () => {
    const grant = await take(await remote(), db)
    const locks = beside()
    await hub.kill()
    expect(await locks.tryLock(db)).toBeNull()
    const lock = await locks.lock(db)
    expect(grant.isHeld()).toBe(false)
    expect(lock.token).toBeGreaterThan(grant.token)
    await lock.release()
  })

  test('is over before the next hub grants the lock', async () => {
    // A client that does not notice the crash: it is cut off first.
    const link = await hub.faults.openLink()
    const driver = await openAt(link.url, { token: SECRET, leaseMs: LEASE_MS, timeoutMs: 1_000 })
    const grant = await take(driver.locks, db)
    link.cut()
    await hub.restart()
    const other = await remote()
    expect(await other.tryAcquire(newRequest(db))).toBeNull()
    expect((await other.tryAcquire(newRequest('another')))?.isHeld()).toBe(true)
    const { signal } = new AbortController()
    const next = await other.acquire(newRequest(db), { signal })
    expect(grant.isHeld()).toBe(false)
    expect(next.token).toBeGreaterThan(grant.token)
    await driver.close()
    await link.close()
  })

  test('is over before a hub stopped with a signal passes the lock on', async () => {
    const link = await hub.faults.openLink()
    const driver = await openAt(link.url, { token: SECRET, leaseMs: LEASE_MS, timeoutMs: 1_000 })
    const grant = await take(driver.locks, db)
    link.cut()
    await hub.kill('SIGTERM')
    const locks = beside()
    expect(await locks.tryLock(db)).toBeNull()
    await (await locks.lock(db)).release()
    expect(grant.isHeld()).toBe(false)
    await driver.close()
    await link.close()
  })

  test('ends by its own clock while the hub is suspended, and the renewal hangs', async () => {
    const grant = await take(await remote(), db)
    const lost = new Promise<void>((resolve) => grant.onLost(resolve))
    hub.pause()
    await lost
    expect(grant.isHeld()).toBe(false)
    // No other client has had it: the hub is alive, and so is its lock.
    expect(await beside().tryLock(db)).toBeNull()
  })

  test('ends by its own clock if its owner is cut off for longer, and not before', async () => {
    const link = await hub.faults.openLink()
    const driver = await openAt(link.url, { token: SECRET, leaseMs: LEASE_MS, timeoutMs: 1_000 })
    const grant = await take(driver.locks, db)
    const lost = new Promise<void>((resolve) => grant.onLost(resolve))
    link.cut()
    const other = await remote()
    expect(grant.isHeld()).toBe(true)
    expect(await other.tryAcquire(newRequest(db))).toBeNull()
    await lost
    const { signal } = new AbortController()
    const next = await other.acquire(newRequest(db), { signal })
    expect(next.token).toBeGreaterThan(grant.token)
    await driver.close()
    await link.close()
  })

  test('is reported to its owner as lost if the process that keeps leases was killed', async () => {
    const grant = await take(await remote(), db)
    const lost = new Promise<void>((resolve) => grant.onLost(resolve))
    process.kill(await keeperOf(hub), 'SIGKILL')
    await lost
    const next = await (await remote()).tryAcquire(newRequest(db))
    expect(next?.token).toBeGreaterThan(grant.token)
  })

  test('leaves no process behind after stopping a hub that had promised nothing', async () => {
    const grant = await take(await remote(), db)
    const keeper = await keeperOf(hub)
    await grant.release()
    await hub.kill('SIGTERM')
    while (isAlive(keeper)) await delay(5)
  })
})

/** Returns the owner of the hub's locks, as the system knows it. */
async function keeperOf(hub: HubProcess): Promise<number> {
  const { readFileSync } = await import('node:fs')
  const children = readFileSync(`/proc/${hub.pid}/task/${hub.pid}/children`, 'utf8')
  const pid = Number(children.trim().split(' ')[0])
  // A signal to 0 goes to this process and its whole group.
  if (!(pid > 1)) throw new Error('the hub must have started the process that keeps leases')
  return pid
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
