import { setTimeout as delay } from 'node:timers/promises'

import { EventBus, LockManager } from '@cli-ops/shared-ipc'
import { expect, onTestFinished, test } from 'vitest'

import { NetworkProxy } from '../engines/network-proxy.js'
import { recordFigure } from './record-figure.js'
import { scale } from './scale.js'
import {
  LEASE_MS,
  optionsAt,
  startServer,
  type StormEngine,
  type StormServer,
  TEST_MS,
  upTo,
} from './storm-engine.js'

const CLIENTS = 3

/** What one reader has seen from one writer. */
interface Reading {
  readonly seen: number[]
  /** How many events had been read when a gap was reported. */
  readonly gaps: number[]
}

/** Defines the storm over all that clients do together: their observations must form a possible history. */
export function historyStorms(engine: StormEngine): void {
  test(
    'across all faults tokens rise, and no event is missing, duplicated or out of order silently',
    { timeout: TEST_MS },
    async () => {
      const server = await startServer(engine)
      const proxies = await Promise.all(
        upTo(CLIENTS).map(() => NetworkProxy.start({ port: server.port })),
      )
      onTestFinished(async () => {
        await Promise.all(proxies.map((proxy) => proxy.close()))
      })
      const over = new AbortController()
      const { signal } = over
      const ends: (() => Promise<unknown>)[] = []
      const tokens: bigint[] = []
      const acknowledged: number[][] = []
      const readings: Reading[][] = []
      // An event emitted before a reader has begun is not missing, so all of them listen before the first event.
      const clients = await Promise.all(
        proxies.map(async ({ port }, client) => {
          const options = { ...optionsAt(server, 'history', port), rateLimit: false as const }
          const locks = new LockManager(options)
          const bus = new EventBus<Record<string, number>>(options)
          ends.push(() => Promise.allSettled([locks.close(), bus.close()]))
          readings[client] = upTo(CLIENTS).map(() => ({ seen: [], gaps: [] }))
          for (const writer of upTo(CLIENTS)) {
            const { seen, gaps } = readings[client][writer] as Reading
            const subscription = bus.on(`from:${writer}`, (n) => seen.push(n), {
              onGap: () => gaps.push(seen.length),
            })
            await subscription.ready
          }
          return { locks, bus }
        }),
      )
      const working = clients.map(({ locks, bus }, client) => {
        const own = (acknowledged[client] = [])
        return Promise.all([takeTurns(locks, tokens, signal), emitOn(bus, client, own, signal)])
      })
      while (tokens.length === 0) await delay(10)
      for (const n of upTo(scale(4, 60))) {
        await delay(150)
        await disturb(server, proxies[n % CLIENTS] as NetworkProxy, n)
      }
      await delay(300)
      over.abort()
      await Promise.all(working)
      await untilAllRead(readings, acknowledged)
      await Promise.all(ends.map((end) => end()))

      const falling = tokens.filter((token, at) => at > 0 && token <= (tokens[at - 1] as bigint))
      const silent = readings.flatMap((reading) =>
        reading.flatMap((one, writer) => missingInSilence(one, acknowledged[writer] ?? [])),
      )
      const disordered = readings
        .flat()
        .flatMap(({ seen }) => seen.filter((n, at) => at > 0 && n <= (seen[at - 1] as number)))
      const events = acknowledged.flat().length
      recordFigure({
        what: `${engine.name}: histories of ${CLIENTS} clients over all faults: tokens that do not rise, events missing in silence, doubled or out of order`,
        goal: '0, 0, 0',
        found: `${falling.length}, ${silent.length}, ${disordered.length} (${tokens.length} grants, ${events} events)`,
        met: falling.length + silent.length + disordered.length === 0,
      })
      expect({ falling, silent, disordered }).toEqual({ falling: [], silent: [], disordered: [] })
      expect(events).toBeGreaterThan(10)
    },
  )
}

async function takeTurns(locks: LockManager, tokens: bigint[], signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      const lock = await locks.lock('db', { timeoutMs: 2_000 })
      tokens.push(lock.token)
      await delay(5)
      await lock.release()
    } catch {
      await delay(20)
    }
  }
}

async function emitOn(
  bus: EventBus<Record<string, number>>,
  client: number,
  acknowledged: number[],
  signal: AbortSignal,
): Promise<void> {
  for (let n = 0; !signal.aborted; n += 1) {
    try {
      await bus.emit(`from:${client}`, n)
      acknowledged.push(n)
    } catch {
      // Unknown: it may have been stored.
    }
    await delay(5)
  }
}

async function disturb(server: StormServer, proxy: NetworkProxy, n: number): Promise<void> {
  switch (n % 4) {
    case 0:
      proxy.cut()
      await delay(1.5 * LEASE_MS)
      proxy.heal()
      return
    case 1:
      proxy.reset()
      return
    case 2:
      server.pause()
      await delay(1.2 * LEASE_MS)
      server.resume()
      return
    default:
      await server.kill()
      await delay(100)
      await server.restart()
  }
}

/** Waits until the readers have the last acknowledged event, or will not get it any more. */
async function untilAllRead(
  readings: readonly (readonly Reading[])[],
  acknowledged: readonly (readonly number[])[],
): Promise<void> {
  const deadline = performance.now() + 20_000
  const isDone = (): boolean =>
    readings.every((reading) =>
      reading.every(({ seen }, writer) => {
        const last = acknowledged[writer]?.at(-1)
        return last === undefined || seen.includes(last)
      }),
    )
  while (!isDone() && performance.now() < deadline) await delay(20)
}

/** A missing event must lie between two events that were read, with a report between them. */
function missingInSilence({ seen, gaps }: Reading, acknowledged: readonly number[]): number[] {
  return acknowledged.filter((n) => {
    if (seen.includes(n)) return false
    const after = seen.findIndex((read) => read > n)
    return !gaps.some((at) => at === after || at === after - 1 || after < 0)
  })
}
