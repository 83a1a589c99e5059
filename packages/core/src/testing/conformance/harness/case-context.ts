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

/** To open a driver. */
const MAX_ATTEMPTS = 5
const LOOK_AGAIN_MS = 5

/**
 * What one case works with: drivers on a place that nobody else uses. Each call opens one more, as another process would
 * have it; all of them are closed after the case.
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

  /** Opens a driver. In another namespace it is on a place of its own. */
  async driver(namespace = this.#place.namespace): Promise<Driver> {
    const shared = this.#target.isolated === true ? this.#drivers.get(namespace) : undefined
    if (shared !== undefined) return shared
    const driver = await this.openAt({ namespace })
    this.#drivers.set(namespace, driver)
    return driver
  }

  /** Opens a driver on the place of the case, with some options changed. */
  async openAt(options: Partial<DriverOptions>): Promise<Driver> {
    for (let attempt = 1; ; attempt += 1) {
      const driver = this.closedDriver(options)
      try {
        await driver.open?.(new AbortController().signal)
        return driver
      } catch (error) {
        // A busy machine may take longer to connect than a case lets its calls take.
        if (!isCliOpsError(error, 'ENGINE_UNAVAILABLE') || attempt === MAX_ATTEMPTS) throw error
        await this.closeDriver(driver)
      }
    }
  }

  /** A driver that is not open yet, closed after the case. */
  closedDriver(options: Partial<DriverOptions>): Driver {
    const driver = this.#target.createDriver({ ...this.#place, ...options })
    this.#open.add(driver)
    this.defer(() => this.closeDriver(driver))
    return driver
  }

  /** Suspends the engine until the remedy is called, at the latest after the case. */
  async pause(): Promise<Remedy> {
    return this.#stage(await this.#target.faults?.pause?.())
  }

  /** Crashes the engine. The remedy starts it again. */
  async kill(): Promise<Remedy> {
    return this.#stage(await this.#target.faults?.kill?.())
  }

  /** Starts an engine of the case's own that a fault can be brought about on, ended after the case. */
  async stage(fault: keyof ClusterFaults): Promise<EngineStage> {
    const stage = await this.#target.faults?.[fault]?.()
    assert.ok(stage !== undefined)
    this.defer(() => stage.close())
    return stage
  }

  /** Opens a way of its own to the engine. */
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

  /** Runs `cleanup` after the case; the last one first. */
  defer(cleanup: () => unknown): void {
    this.#cleanups.push(cleanup)
  }

  /** Waits for a promise that has to settle; a case that hangs says for what. */
  settled<T>(promise: Promise<T>, what: string): Promise<T> {
    const message = `within ${this.#timeoutMs} ms: ${what}`
    const late = (): Error => new assert.AssertionError({ message })
    return settleWithin({ timeoutMs: this.#timeoutMs, late }, () => promise)
  }

  /** Waits until `look` gives something; for what other drivers notice in their own time. */
  async eventually<T>(look: () => T | Promise<T>, what: string): Promise<NonNullable<T>> {
    const deadline = performance.now() + this.#timeoutMs
    for (;;) {
      const found = await look()
      if (found !== undefined && found !== null && found !== false) return found
      assert.ok(performance.now() < deadline, `within ${this.#timeoutMs} ms: ${what}`)
      await pause(LOOK_AGAIN_MS)
    }
  }

  /** Closes what the case has opened, also after a failure. Rejects with the first error, having tried everything. */
  async close(): Promise<void> {
    const failures: unknown[] = []
    for (const cleanup of this.#cleanups.splice(0).reverse()) {
      try {
        // A driver that is at fault may never end what it has begun; the next case has to run all the same.
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
