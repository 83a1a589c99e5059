import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'

import { type Lock, LockManager } from '@cli-ops/shared-ipc'
import { expect, test } from 'vitest'

import { hasPostgres } from '../engines/postgres-server.js'
import { type Contenders, stormRounds } from './contenders.js'
import { FencedMemory } from './fenced-memory.js'
import { FencedTables } from './fenced-tables.js'
import { recordFigure } from './record-figure.js'
import { scale } from './scale.js'
import {
  AT_ONCE,
  LEASE_MS,
  optionsAt,
  startServer,
  type StormEngine,
  TEST_MS,
  upTo,
} from './storm-engine.js'

/** Defines the storms over an engine's locks: an owner that loses one is notified, and its writes are refused. */
export function leaseStorms(engine: StormEngine): void {
  test(
    'an owner that is cut off learns of it before another one has its lock',
    { timeout: TEST_MS },
    async () => {
      const server = await startServer(engine)
      const faults = scale(16, 200)
      const told = await stormRounds(server, faults, async ({ lock, other }) => {
        const next = await takeAtLast(other)
        const wasTold = lock.signal.aborted && next.token > lock.token
        await next.release()
        return wasTold
      })
      const found = told.filter((wasTold) => wasTold).length
      recordFigure({
        what: `${engine.name}: lock loss signalled within its lease`,
        goal: `${faults} of ${faults}`,
        found: `${found} of ${faults}`,
        met: found === faults,
      })
      expect(found).toBe(faults)
    },
  )

  test(
    'an owner learns of its loss while the server is suspended or gone',
    { timeout: TEST_MS },
    async () => {
      const server = await startServer(engine)
      for (const n of upTo(scale(2, 20))) {
        const locks = new LockManager(optionsAt(server, randomUUID()))
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

  test('no stale write gets past a fence, and tokens rise', { timeout: TEST_MS }, async () => {
    const server = await startServer(engine)
    const rounds = scale(16, 500)
    const outcomes = await stormRounds(server, rounds, async (contenders) => {
      const store = new FencedMemory()
      await overtake(contenders, (token, by) => {
        store.write(token, by)
        return Promise.resolve()
      })
      return store
    })
    const stale = outcomes.flatMap((store) => store.staleWrites)
    const refused = outcomes.filter((store) => store.refused > 0).length
    recordFigure({
      what: `${engine.name}: stale writes accepted behind a fence`,
      goal: `0 in ${rounds} rounds`,
      found: `${stale.length} (${refused} rounds had some to refuse)`,
      met: stale.length === 0,
    })
    expect(stale).toEqual([])
    expect(refused).toBeGreaterThan(rounds / 2)
  })

  test.runIf(hasPostgres())(
    'no stale write gets into a PostgreSQL table',
    { timeout: TEST_MS },
    async () => {
      const [server, tables] = await Promise.all([startServer(engine), FencedTables.start()])
      const rounds = scale(16, 500)
      await stormRounds(server, rounds, async (contenders) => {
        const table = await tables.open(contenders.namespace)
        await overtake(contenders, (token, by) => table.write(token, by))
        expect(await table.read()).toBe('next')
        await table.close()
      })
      const { stale, refused } = await tables.history()
      recordFigure({
        what: `${engine.name}: stale writes accepted by a table of PostgreSQL`,
        goal: `0 in ${rounds} rounds`,
        found: `${stale} (${refused} rounds had some to refuse)`,
        met: stale === 0,
      })
      expect(stale).toBe(0)
      expect(refused).toBeGreaterThan(rounds / 2)
    },
  )
}

/** Takes a lock from a server that can be away for a while. */
export async function takeAtLast(locks: LockManager): Promise<Lock> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await locks.lock('db', { timeoutMs: 30_000 })
    } catch (error) {
      if (tries > 40) throw error
      await delay(50)
    }
  }
}

/**
 * The owner keeps writing and never checks whether it still has the lock, the worst behaviour; the other takes the
 * lock, writes once, and its write must be the last that counts.
 */
async function overtake(
  { lock, other }: Contenders,
  write: (token: bigint, by: 'owner' | 'next') => Promise<unknown>,
): Promise<void> {
  let isOver = false
  const careless = (async () => {
    while (!isOver) {
      await write(lock.token, 'owner').catch(() => undefined)
      await delay(5)
    }
  })()
  const next = await takeAtLast(other)
  await write(next.token, 'next')
  await delay(30)
  isOver = true
  await careless
  await next.release()
}

/** Resolves to the time at which a lock was lost. */
function lossOf(lock: Lock): Promise<number> {
  return new Promise((resolve) => {
    lock.signal.addEventListener('abort', () => {
      resolve(performance.now())
    })
  })
}
