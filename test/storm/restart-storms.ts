import { setTimeout as delay } from 'node:timers/promises'

import { EventBus, LockManager } from '@cli-ops/shared-ipc'
import { expect, test } from 'vitest'

import { takeAtLast } from './lease-storms.js'
import { recordFigure } from './record-figure.js'
import { scale } from './scale.js'
import { optionsAt, startServer, type StormEngine, TEST_MS, upTo } from './storm-engine.js'

/** The minimum acknowledged between two restarts. */
const MIN_EVENTS = 20

/** Defines the storms over restarts of an engine that keeps its data. */
export function persistentRestartStorms(engine: StormEngine): void {
  test(
    'acknowledged events survive the restart of a server that keeps them',
    { timeout: TEST_MS },
    async () => {
      const restarts = scale(3, 20)
      const { acknowledged, seen, gaps } = await emitOverRestarts(engine, true, restarts)
      const missing = acknowledged.filter((n) => !seen.includes(n))
      recordFigure({
        what: `${engine.name}: acknowledged events missing over persistent restarts`,
        goal: `0 over ${restarts} restarts`,
        found: `${missing.length} of ${acknowledged.length}`,
        met: missing.length === 0,
      })
      expect(missing).toEqual([])
      expect(gaps).toEqual([])
      expect(new Set(seen).size).toBe(seen.length)
      expect(acknowledged.length).toBeGreaterThanOrEqual(restarts * MIN_EVENTS)
    },
  )
}

/** Defines the storms over restarts of an engine without persistence. */
export function forgetfulRestartStorms(engine: StormEngine): void {
  test('tokens rise even though the server was emptied', { timeout: TEST_MS }, async () => {
    const server = await startServer(engine, false)
    const locks = new LockManager(optionsAt(server, 'a'))
    let last = 0n
    for (const _ of upTo(scale(3, 20))) {
      const lock = await takeAtLast(locks)
      expect(lock.token).toBeGreaterThan(last)
      last = lock.token
      await server.restart()
      // Its owner may have reclaimed it from the server, or learned of its loss.
      await lock.release().catch((error: unknown) => {
        expect(error).toMatchObject({ code: 'LOCK_LOST' })
      })
    }
    await locks.close()
  })

  test(
    'a server without persistence loses events, and never silently',
    { timeout: TEST_MS },
    async () => {
      const restarts = scale(3, 20)
      const { acknowledged, seen, gaps } = await emitOverRestarts(engine, false, restarts)
      // Missing events lie between two events that were read, with a report between them.
      const silent = acknowledged.filter((n) => {
        if (seen.includes(n)) return false
        const after = seen.findIndex((read) => read > n)
        return !gaps.some((at) => at === after || at === after - 1 || after < 0)
      })
      recordFigure({
        what: `${engine.name}: gaps that were not reported over restarts without persistence`,
        goal: `0 over ${restarts} restarts`,
        found: `${silent.length} (${gaps.length} reported)`,
        met: silent.length === 0,
      })
      expect(silent).toEqual([])
      expect(gaps.length).toBeGreaterThan(0)
    },
  )
}

/** Emits numbers while the server is killed and restarted repeatedly, and reads them all. */
async function emitOverRestarts(engine: StormEngine, isPersistent: boolean, restarts: number) {
  const server = await startServer(engine, isPersistent)
  const options = { ...optionsAt(server, 'a'), rateLimit: false as const }
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
    // Killing a server that no client has reached again would prove nothing.
    const before = acknowledged.length
    while (acknowledged.length < before + MIN_EVENTS) await delay(10)
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
