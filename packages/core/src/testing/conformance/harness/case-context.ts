import { isCliOpsError } from '../../../base/errors/cli-ops-error.js'
import assert from 'node:assert/strict'

import type {
  Driver,
  DriverOptions,
  EventDriver,
  LockDriver,
  RegistryDriver,
  RpcDriver,
} from '../../../drivers/driver.js'
import type { EngineLimits } from '../../../engine/engine-limits.js'
import { type EngineLink, type Remedy, SHORT_LIMITS } from './engine-faults.js'
import type { ClusterFaults, EngineStage } from './engine-stage.js'
import { type DriverUnderTest, DEFAULT_TIMEOUT_MS } from './driver-under-test.js'
import { pause } from '../../../base/wait/pause.js'
import { settleWithin } from '../../../base/wait/race.js'

/** Attempts to open a driver. */
const MAX_ATTEMPTS = 5
const LOOK_AGAIN_MS = 5

/**
 * The environment of one case: drivers on a place that no other case uses. Each call opens another one, as a separate process would;
 * all are closed after the case.
 */
export class CaseContext {
  readonly #target: DriverUnderTest
  readonly #place: DriverOptions
  readonly #drivers = new Map<string, Driver>()
  readonly #open = new Set<Driver>()
  readonly #cleanups: (() => unknown)[] = []

  constructor(target: DriverUnderTest, place: DriverOptions) {
    this.#target = target
    this.#place = place
  }

  /** Opens a driver. Another namespace is a separate place. */
  async driver(namespace = this.#place.namespace): Promise<Driver> {
    const shared = this.#target.isolated === true ? this.#drivers.get(namespace) : undefined
    if (shared !== undefined) return shared
    const driver = await this.openAt({ namespace })
    this.#drivers.set(namespace, driver)
    return driver
  }

  /** Opens a driver on the case's place, with some options changed. */
  async openAt(options: Partial<DriverOptions>): Promise<Driver> {
    for (let attempt = 1; ; attempt += 1) {
      const driver = this.closedDriver(options)
      try {
        await driver.open?.(new AbortController().signal)
        return driver
      } catch (error) {
        // On a busy machine, connecting can take longer than a case's time limit for calls.
        if (!isCliOpsError(error, 'ENGINE_UNAVAILABLE') || attempt === MAX_ATTEMPTS) throw error
        await this.closeDriver(driver)
      }
    }
  }

  /** Returns a driver that is not open yet; it is closed after the case. */
  closedDriver(options: Partial<DriverOptions>): Driver {
    const driver = this.#target.createDriver({ ...this.#place, ...options })
    this.#open.add(driver)
    this.defer(() => this.closeDriver(driver))
    return driver
  }

  /** Suspends the engine until the remedy is called, or the case ends. */
  async pause(): Promise<Remedy> {
    return this.#stage(await this.#target.faults?.pause?.())
  }

  /** Crashes the engine. The remedy starts it again. */
  async kill(): Promise<Remedy> {
    return this.#stage(await this.#target.faults?.kill?.())
  }

  /** Starts a separate engine on which a fault can be staged; it is stopped after the case. */
  async stage(fault: keyof ClusterFaults): Promise<EngineStage> {
    const stage = await this.#target.faults?.[fault]?.()
    assert.ok(stage !== undefined)
    this.defer(() => stage.close())
    return stage
  }

  /** Opens a separate link to the engine. */
  async link(): Promise<EngineLink> {
    const link = await this.#target.faults?.openLink?.()
    assert.ok(link !== undefined)
    this.defer(() => link.close())
    this.defer(() => {
      link.heal()
    })
    return link
  }

  /** Opens a driver that reaches the engine over a link. */
  async driverOver(link: EngineLink, limits: Partial<EngineLimits> = {}): Promise<Driver> {
    return this.openAt({ url: new URL(link.url), ...SHORT_LIMITS, ...limits })
  }

  /** Closes a driver before the end of the case. */
  async closeDriver(driver: Driver): Promise<void> {
    if (this.#open.delete(driver)) await driver.close()
  }

  async locks(namespace?: string): Promise<LockDriver> {
    return present((await this.driver(namespace)).locks)
  }

  async events(namespace?: string): Promise<EventDriver> {
    return present((await this.driver(namespace)).events)
  }

  async registry(namespace?: string): Promise<RegistryDriver> {
    return present((await this.driver(namespace)).registry)
  }

  async rpc(namespace?: string): Promise<RpcDriver> {
    return present((await this.driver(namespace)).rpc)
  }

  /** Runs `cleanup` after the case, the last one first. */
  defer(cleanup: () => unknown): void {
    this.#cleanups.push(cleanup)
  }

  /** Waits for a promise that must settle; a case that hangs reports what it waits for. */
  settled<T>(promise: Promise<T>, what: string): Promise<T> {
    const message = `within ${this.#timeoutMs} ms: ${what}`
    const late = (): Error => new assert.AssertionError({ message })
    return settleWithin({ timeoutMs: this.#timeoutMs, late }, () => promise)
  }

  /** Waits until `look` returns a value; for changes that other drivers notice eventually. */
  async eventually<T>(look: () => T | Promise<T>, what: string): Promise<NonNullable<T>> {
    const deadline = performance.now() + this.#timeoutMs
    for (;;) {
      const found = await look()
      if (found !== undefined && found !== null && found !== false) return found
      assert.ok(performance.now() < deadline, `within ${this.#timeoutMs} ms: ${what}`)
      await pause(LOOK_AGAIN_MS)
    }
  }

  /** Closes everything that the case has opened, even after a failure. Tries everything, then rejects with the first error. */
  async close(): Promise<void> {
    const failures: unknown[] = []
    for (const cleanup of this.#cleanups.splice(0).reverse()) {
      try {
        // A faulty driver might never finish; the next case must run anyway.
        await this.settled(Promise.resolve(cleanup()), 'what the case has opened is closed')
      } catch (error) {
        failures.push(error)
      }
    }
    if (failures.length > 0) throw failures[0]
  }

  #stage(remedy: Remedy | undefined): Remedy {
    assert.ok(remedy !== undefined)
    let ending: Promise<void> | undefined
    const end = (): Promise<void> => (ending ??= remedy())
    this.defer(end)
    return end
  }

  get #timeoutMs(): number {
    return this.#target.timeoutMs ?? DEFAULT_TIMEOUT_MS
  }
}

function present<T>(primitive: T | undefined): T {
  assert.ok(primitive !== undefined, 'the driver has lost a primitive that it had when it was made')
  return primitive
}
