import { randomUUID } from 'node:crypto'
import { tmpdir } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'

import { EventBus, type Lock, LockManager } from '@cli-ops/shared-ipc'
import { describe, expect, onTestFinished, test } from 'vitest'

import { NetworkProxy } from '../engines/network-proxy.js'
import { hasRedisServer, RedisServer } from '../engines/redis-server.js'
import { recordFigure } from './record-figure.js'
import { isLong, scale } from './scale.js'

const LEASE_MS = 800
const AT_ONCE = 8
const LONG_MS = 1_200_000

async function startServer(isPersistent: boolean): Promise<RedisServer> {
  const server = await RedisServer.start({ isPersistent })
  onTestFinished(() => server.stop())
  return server
}

function optionsAt(port: number, namespace: string) {
  return {
    url: `redis://127.0.0.1:${port}`,
    namespace,
    home: tmpdir(),
    leaseMs: LEASE_MS,
    engineTimeoutMs: 2_000,
    disabled: false,
  }
}

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, n) => n)
}

/** Runs rounds, some at once. */
async function inRounds<T>(count: number, round: (n: number) => Promise<T>): Promise<T[]> {
  const results: T[] = []
  for (let first = 0; first < count; first += AT_ONCE) {
    const numbers = upTo(Math.min(AT_ONCE, count - first)).map((n) => first + n)
    results.push(...(await Promise.all(numbers.map(round))))
  }
  return results
}

/** An owner behind a proxy of its own, and another one that wants the same lock. */
async function contend(server: RedisServer, n: number) {
  const namespace = randomUUID()
  const proxy = await NetworkProxy.start({ port: server.port })
  const owner = new LockManager(optionsAt(proxy.port, namespace))
  const other = new LockManager(optionsAt(server.port, namespace))
  const lock = await owner.lock('db')
  return {
    lock,
    proxy,
    other,
    /** One of the faults that cut an owner off. */
    fault: () => {
      if (n % 2 === 0) proxy.cut()
      else void proxy.close()
    },
    close: async () => {
      proxy.heal()
      await Promise.allSettled([owner.close(), other.close()])
      await proxy.close()
    },
  }
}

describe.runIf(hasRedisServer())('Redis', () => {
  test(
    'an owner that is cut off is told before another one has its lock',
    { timeout: isLong ? LONG_MS : 60_000 },
    async () => {
      const server = await startServer(true)
      const faults = scale(16, 200)
      const told = await inRounds(faults, async (n) => {
        const { lock, fault, other, close } = await contend(server, n)
        await delay((LEASE_MS * ((n * 7) % 10)) / 10)
        const { signal } = lock
        fault()
        const next = await other.lock('db', { timeoutMs: 30_000 })
        const wasTold = signal.aborted && next.token > lock.token
        await next.release()
        await close()
        return wasTold
      })
      const found = told.filter((wasTold) => wasTold).length
      recordFigure({
        what: 'Redis: lock loss signalled within its lease',
        goal: `${faults} of ${faults}`,
        found: `${found} of ${faults}`,
        met: found === faults,
      })
      expect(found).toBe(faults)
    },
  )

  test(
    'an owner is told of its loss while the server is suspended or gone',
    { timeout: isLong ? LONG_MS : 60_000 },
    async () => {
      const server = await startServer(true)
      for (const n of upTo(scale(2, 20))) {
        const locks = new LockManager(optionsAt(server.port, randomUUID()))
        const held = await Promise.all(upTo(AT_ONCE).map((index) => locks.lock(`db-${index}`)))
        const sent = performance.now()
        const told = Promise.all(held.map(lossOf))
        if (n % 2 === 0) server.pause()
        else await server.kill()
        const lostAt = await told
        // A renewal may have been on its way, so the lease counts from then at the latest.
        for (const at of lostAt) expect(at - sent).toBeLessThan(2 * LEASE_MS + 2_000)
        for (const lock of held) expect(() => lock.assertHeld()).toThrow(/taken away/u)
        if (n % 2 === 0) server.resume()
        else await server.restart()
        await locks.close()
      }
    },
  )

  test(
    'no stale write gets past a fence, and tokens rise',
    { timeout: isLong ? LONG_MS : 60_000 },
    async () => {
      const server = await startServer(true)
      const rounds = scale(16, 500)
      const outcomes = await inRounds(rounds, async (n) => {
        const { lock, fault, other, close } = await contend(server, n)
        const store = new FencedStore()
        let isOver = false
        // It never asks whether it still has the lock: the worst that an owner can do.
        const careless = (async () => {
          while (!isOver) {
            store.write(lock.token, 'owner')
            await delay(5)
          }
        })()
        await delay(n % 20)
        fault()
        const next = await other.lock('db', { timeoutMs: 30_000 })
        store.write(next.token, 'next')
        await delay(30)
        isOver = true
        await careless
        await next.release()
        await close()
        return store
      })
      const stale = outcomes.flatMap((store) => store.staleWrites)
      const refused = outcomes.filter((store) => store.refused > 0).length
      recordFigure({
        what: 'Redis: stale writes accepted behind a fence',
        goal: `0 in ${rounds} rounds`,
        found: `${stale.length} (${refused} rounds had some to refuse)`,
        met: stale.length === 0,
      })
      expect(stale).toEqual([])
      expect(refused).toBeGreaterThan(rounds / 2)
    },
  )

  test('tokens rise over a server that was emptied', { timeout: 60_000 }, async () => {
    const server = await startServer(false)
    const locks = new LockManager(optionsAt(server.port, 'a'))
    let last = 0n
    for (const _ of upTo(scale(3, 20))) {
      const lock = await takeAtLast(locks)
      expect(lock.token).toBeGreaterThan(last)
      last = lock.token
      await server.restart()
    }
    await locks.close()
  })

  test(
    'events that were acknowledged outlive a server that keeps them',
    { timeout: isLong ? LONG_MS : 60_000 },
    async () => {
      const restarts = scale(3, 20)
      const { acknowledged, seen, gaps } = await emitOverRestarts(true, restarts)
      const missing = acknowledged.filter((n) => !seen.includes(n))
      recordFigure({
        what: 'Redis: acknowledged events missing over persistent restarts',
        goal: `0 over ${restarts} restarts`,
        found: `${missing.length} of ${acknowledged.length}`,
        met: missing.length === 0,
      })
      expect(missing).toEqual([])
      expect(gaps).toEqual([])
      expect(new Set(seen).size).toBe(seen.length)
    },
  )

  test(
    'a server that keeps nothing loses events, and never in silence',
    { timeout: isLong ? LONG_MS : 60_000 },
    async () => {
      const restarts = scale(3, 20)
      const { acknowledged, seen, gaps } = await emitOverRestarts(false, restarts)
      // What is missing lies between two events that were read, with a report between them.
      const silent = acknowledged.filter((n) => {
        if (seen.includes(n)) return false
        const after = seen.findIndex((read) => read > n)
        return !gaps.some((at) => at === after || at === after - 1 || after < 0)
      })
      recordFigure({
        what: 'Redis: gaps that were not reported over restarts without persistence',
        goal: `0 over ${restarts} restarts`,
        found: `${silent.length} (${gaps.length} reported)`,
        met: silent.length === 0,
      })
      expect(silent).toEqual([])
      expect(gaps.length).toBeGreaterThan(0)
    },
  )
})

/** Emits numbers while the server is killed and started again and again, and reads them all. */
async function emitOverRestarts(isPersistent: boolean, restarts: number) {
  const server = await startServer(isPersistent)
  const options = { ...optionsAt(server.port, 'a'), rateLimit: false as const }
  const [writer, reader] = [new EventBus(options), new EventBus(options)]
  const acknowledged: number[] = []
  const seen: number[] = []
  /** How many events had been read when a gap was reported. */
  const gaps: number[] = []
  const subscription = reader.on('count:up', (n) => seen.push(n as number), {
    onGap: () => gaps.push(seen.length),
  })
  await subscription.ready
  let isOver = false
  const writing = (async () => {
    for (let n = 0; !isOver; n += 1) {
      try {
        await writer.emit('count:up', n)
        acknowledged.push(n)
      } catch {
        // Unknown: it may have been stored.
      }
      await delay(1)
    }
  })()
  for (const _ of upTo(restarts)) {
    await delay(200)
    await server.kill()
    await delay(50)
    await server.restart()
  }
  await delay(500)
  isOver = true
  await writing
  const last = acknowledged.at(-1) ?? 0
  const deadline = performance.now() + 10_000
  while (!seen.includes(last) && performance.now() < deadline) await delay(10)
  await Promise.all([writer.close(), reader.close()])
  return { acknowledged, seen, gaps }
}

async function takeAtLast(locks: LockManager): Promise<Lock> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await locks.lock('db', { timeoutMs: 5_000 })
    } catch (error) {
      if (tries > 20) throw error
      await delay(50)
    }
  }
}

/** Resolves to the time at which a lock was lost. */
function lossOf(lock: Lock): Promise<number> {
  return new Promise((resolve) => {
    lock.signal.addEventListener('abort', () => {
      resolve(performance.now())
    })
  })
}

/** A store that remembers the highest token that it has seen, and refuses lower ones. */
class FencedStore {
  readonly staleWrites: string[] = []
  refused = 0
  #highest = 0n
  #hasNext = false

  write(token: bigint, by: 'owner' | 'next'): void {
    if (token < this.#highest) {
      this.refused += 1
      return
    }
    if (by === 'next') this.#hasNext = true
    else if (this.#hasNext) this.staleWrites.push(String(token))
    this.#highest = token
  }
}
