import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'

import { type Lock, LockManager } from '@cli-ops/shared-ipc'

import { NetworkProxy } from '../engines/network-proxy.js'
import { AT_ONCE, LEASE_MS, optionsAt, type StormServer, upTo } from './storm-engine.js'

/** What can separate an owner from its engine. */
const FAULTS = ['cut', 'reset', 'pause', 'kill'] as const
type Fault = (typeof FAULTS)[number]

/** An owner behind a private proxy, and another one that wants the same lock. */
export interface Contenders {
  readonly namespace: string
  readonly lock: Lock
  readonly other: LockManager
}

/**
 * Runs rounds, some in parallel. In each, a fault separates a lock's owner from its engine while the round continues.
 * Parallel rounds have the same fault, since two of the faults are the server's.
 */
export async function stormRounds<T>(
  server: StormServer,
  count: number,
  round: (contenders: Contenders, n: number) => Promise<T>,
): Promise<T[]> {
  const results: T[] = []
  for (let first = 0; first < count; first += AT_ONCE) {
    const numbers = upTo(Math.min(AT_ONCE, count - first)).map((n) => first + n)
    const batch = first / AT_ONCE
    const sides = await Promise.all(numbers.map(() => contend(server)))
    const over = stage(
      FAULTS[batch % FAULTS.length] ?? 'cut',
      server,
      sides.map(({ proxy }) => proxy),
      (LEASE_MS * ((batch * 7) % 10)) / 10,
    )
    const rounds = sides.map((side, index) => round(side, first + index))
    results.push(...(await Promise.all(rounds)))
    await over
    await Promise.all(sides.map(({ close }) => close()))
  }
  return results
}

async function contend(server: StormServer) {
  const namespace = randomUUID()
  const proxy = await NetworkProxy.start({ port: server.port })
  const owner = new LockManager(optionsAt(server, namespace, proxy.port))
  const other = new LockManager(optionsAt(server, namespace))
  return {
    namespace,
    lock: await owner.lock('db'),
    other,
    proxy,
    close: async () => {
      proxy.heal()
      await Promise.allSettled([owner.close(), other.close()])
      await proxy.close()
    },
  }
}

/** Stages a fault after a while; resolves when the server is back to normal. */
async function stage(
  fault: Fault,
  server: StormServer,
  proxies: readonly NetworkProxy[],
  afterMs: number,
): Promise<void> {
  await delay(afterMs)
  switch (fault) {
    case 'cut':
      for (const proxy of proxies) proxy.cut()
      return
    case 'reset':
      // Nothing listens there any more.
      await Promise.all(proxies.map((proxy) => proxy.close()))
      return
    case 'pause':
      server.pause()
      await delay(1.5 * LEASE_MS)
      server.resume()
      return
    case 'kill':
      // An owner that reaches the new one in time would keep its lock.
      for (const proxy of proxies) proxy.cut()
      await server.kill()
      await delay(afterMs)
      await server.restart()
  }
}
