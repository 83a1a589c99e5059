import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'

import { type Lock, LockManager } from '@cli-ops/shared-ipc'
import { expect, onTestFinished, test } from 'vitest'

import { NetworkProxy } from '../engines/network-proxy.js'
import { recordFigure } from './record-figure.js'
import { scale } from './scale.js'
import { optionsAt, type StormServer, TEST_MS, upTo } from './storm-engine.js'

/** Longer than a hub needs to start on a busy machine: a loss within it has no excuse. */
export const SESSION_LEASE_MS = 10_000
const OWNERS = scale(4, 20)
/** Resources that are taken and released all the while. */
const WORKERS = scale(2, 8)

/** An engine with sessions, which can also be ended in order. */
export interface SessionEngine {
  readonly name: string
  start(): Promise<StormServer & { kill(signal?: NodeJS.Signals): Promise<void> }>
}

/** Defines the storms over an engine's sessions: no disconnection and no restart takes a lock within its lease. */
export function sessionStorms(engine: SessionEngine): void {
  test('no lock is lost within its lease to cut connections', { timeout: TEST_MS }, async () => {
    const cuts = scale(12, 200)
    const server = await engine.start()
    onTestFinished(() => server.stop())
    const proxy = await NetworkProxy.start({ port: server.port })
    const load = await Load.start((namespace) => optionsAt(server, namespace, proxy.port))
    for (const _ of upTo(cuts)) {
      proxy.reset()
      await load.goesOn()
    }
    const { lost, turns } = await load.end()
    await proxy.close()
    recordFigure({
      what: `${engine.name}: locks lost within their lease to cut connections`,
      goal: `0 over ${cuts} cuts of ${OWNERS + WORKERS} connections`,
      found: `${lost} (${turns} locks taken meanwhile)`,
      met: lost === 0,
    })
    expect(lost).toBe(0)
  })

  test('no lock is lost within its lease to restarts', { timeout: TEST_MS }, async () => {
    const restarts = scale(2, 20)
    const server = await engine.start()
    onTestFinished(() => server.stop())
    const load = await Load.start((namespace) => optionsAt(server, namespace))
    for (const n of upTo(restarts)) {
      await server.kill(n % 2 === 0 ? 'SIGTERM' : 'SIGKILL')
      await server.restart()
      await load.goesOn()
    }
    const { lost, turns } = await load.end()
    recordFigure({
      what: `${engine.name}: locks lost within their lease to restarts`,
      goal: `0 over ${restarts} restarts under load`,
      found: `${lost} (${turns} locks taken meanwhile)`,
      met: lost === 0,
    })
    expect(lost).toBe(0)
  })
}

/** Owners that each hold a lock from beginning to end, and workers that take turns at others. */
class Load {
  readonly #managers: LockManager[] = []
  readonly #held: Lock[] = []
  #lost = 0
  #turns = 0
  #failure: unknown
  #isOver = false
  #working: Promise<unknown> = Promise.resolve()

  static async start(optionsOf: (namespace: string) => object): Promise<Load> {
    const load = new Load()
    const namespace = randomUUID()
    const open = (): LockManager => {
      const patience = { leaseMs: SESSION_LEASE_MS, engineTimeoutMs: SESSION_LEASE_MS }
      const locks = new LockManager({ ...optionsOf(namespace), ...patience })
      load.#managers.push(locks)
      return locks
    }
    for (const n of upTo(OWNERS)) load.#watch(await open().lock(`owned-${n}`))
    load.#working = Promise.all(upTo(WORKERS).map((n) => load.#work(open(), `turn-${n % 2}`)))
    return load
  }

  /** Resolves once a few more turns have been taken: until then the fault is not over. */
  async goesOn(): Promise<void> {
    const enough = this.#turns + WORKERS
    while (this.#turns < enough && this.#failure === undefined) await delay(5)
    if (this.#failure !== undefined) throw this.#failure as Error
  }

  /** Ends the load. Resolves to the lost locks, and the number of turns. */
  async end(): Promise<{ readonly lost: number; readonly turns: number }> {
    this.#isOver = true
    await this.#working
    for (const lock of this.#held) if (!lock.signal.aborted) lock.assertHeld()
    await Promise.all(this.#held.map((lock) => lock.release().catch(() => undefined)))
    await Promise.all(this.#managers.map((locks) => locks.close()))
    return { lost: this.#lost, turns: this.#turns }
  }

  #watch(lock: Lock): void {
    this.#held.push(lock)
    lock.signal.addEventListener('abort', () => {
      if (!this.#isOver) this.#lost += 1
    })
  }

  async #work(locks: LockManager, resource: string): Promise<void> {
    try {
      while (!this.#isOver) {
        const lock = await locks.lock(resource, { timeoutMs: 60_000 })
        await delay(1)
        if (lock.signal.aborted) this.#lost += 1
        this.#turns += 1
        await lock.release()
      }
    } catch (error) {
      this.#failure = error
    }
  }
}
