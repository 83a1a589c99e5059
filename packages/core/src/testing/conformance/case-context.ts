import assert from 'node:assert/strict'

import type {
  Driver,
  DriverOptions,
  EventDriver,
  LockDriver,
  RegistryDriver,
  RpcDriver,
} from '../../drivers/driver.js'
import { type DriverUnderTest, DEFAULT_TIMEOUT_MS } from './driver-under-test.js'

const LOOK_AGAIN_MS = 5

/**
 * What one case works with: drivers on a place that nobody else uses. Each call opens one more, as another process would
 * have it; all of them are closed after the case.
 */
export class CaseContext {
  readonly #target: DriverUnderTest
  readonly #place: DriverOptions
  readonly #drivers = new Map<string, Driver>()
  readonly #cleanups: (() => unknown)[] = []

  constructor(target: DriverUnderTest, place: DriverOptions) {
    this.#target = target
    this.#place = place
  }

  /** Opens a driver. In another namespace it is on a place of its own. */
  async driver(namespace = this.#place.namespace): Promise<Driver> {
    const shared = this.#target.isolated === true ? this.#drivers.get(namespace) : undefined
    if (shared !== undefined) return shared
    const driver = this.#target.createDriver({ ...this.#place, namespace })
    this.#drivers.set(namespace, driver)
    this.defer(() => driver.close())
    await driver.open?.()
    return driver
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
  async settled<T>(promise: Promise<T>, what: string): Promise<T> {
    let timer: NodeJS.Timeout | undefined
    const limit = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        reject(new assert.AssertionError({ message: `within ${this.#timeoutMs} ms: ${what}` }))
      }, this.#timeoutMs)
    })
    try {
      return await Promise.race([promise, limit])
    } finally {
      clearTimeout(timer)
    }
  }

  /** Waits until `look` gives something; for what other drivers notice in their own time. */
  async eventually<T>(look: () => T | Promise<T>, what: string): Promise<NonNullable<T>> {
    const deadline = performance.now() + this.#timeoutMs
    for (;;) {
      const found = await look()
      if (found !== undefined && found !== null && found !== false) return found
      assert.ok(performance.now() < deadline, `within ${this.#timeoutMs} ms: ${what}`)
      await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS))
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

  get #timeoutMs(): number {
    return this.#target.timeoutMs ?? DEFAULT_TIMEOUT_MS
  }
}

function present<T>(primitive: T | undefined): T {
  assert.ok(primitive !== undefined, 'the driver has lost a primitive that it had when it was made')
  return primitive
}
