import {
  clearTimeout,
  monotonicMs,
  privateSocketPath,
  setTimeout,
} from '@cli-ops/shared-ipc/driver'

import type { HubMetrics } from './hub-metrics.js'
import { HubNamespace } from './hub-namespace.js'
import { type KeptLock, LeaseProcess } from './lease-process.js'

/** A hub's store. */
export interface NamespacesOptions {
  readonly url: string
  readonly home: string | undefined
  readonly leaseMs: number
  readonly metrics: HubMetrics
}

/** How long an unused namespace stays open. */
const CLOSE_AFTER_MS = 30_000

/** The namespaces of a store that are in use, each opened once. */
export class HubNamespaces {
  readonly #options: NamespacesOptions
  readonly #namespaces = new Map<string, HubNamespace>()
  readonly #keeper: LeaseProcess
  #sweep: NodeJS.Timeout | undefined
  #inherited: NodeJS.Timeout | undefined
  #isAbandoned = false

  constructor(options: NamespacesOptions) {
    this.#options = options
    this.#keeper = new LeaseProcess(options.leaseMs, () => {
      // Their nominal owner is dead, so any process can take them.
      for (const { grants } of this.#namespaces.values())
        for (const grant of [...grants.values()]) grant.lose()
    })
  }

  /** Opens a namespace for one more user. */
  enter(name: string): HubNamespace {
    let namespace = this.#namespaces.get(name)
    if (namespace === undefined) {
      namespace = new HubNamespace({ ...this.#options, namespace: name, keeper: this.#keeper })
      this.#namespaces.set(name, namespace)
    }
    namespace.users += 1
    return namespace
  }

  leave(namespace: HubNamespace): void {
    namespace.users -= 1
    this.#sweep ??= setTimeout(() => {
      this.#sweep = undefined
      for (const each of this.#namespaces.values()) if (each.isIdle) this.#forget(each)
      // Leases keep some of them until they end.
      if ([...this.#namespaces.values()].some(({ users }) => users === 0)) this.#sweepLater()
    }, CLOSE_AFTER_MS).unref()
  }

  /** Rejects if the store cannot be used. */
  async probe(): Promise<void> {
    const namespace = this.enter('')
    try {
      await (await namespace.registry()).discover({ name: 'cli-ops-hub-probe', probe: false })
    } finally {
      this.leave(namespace)
    }
  }

  /** Queries the store and measures how long that takes. */
  async measure(): Promise<{ readonly isReachable: boolean; readonly seconds: number }> {
    const from = monotonicMs()
    const isReachable = await this.probe().then(
      () => true,
      () => false,
    )
    return { isReachable, seconds: (monotonicMs() - from) / 1000 }
  }

  /** Locks held by clients, and clients waiting for one. */
  get counts(): { readonly locks: number; readonly waiters: number } {
    let [locks, waiters] = [0, 0]
    for (const namespace of this.#namespaces.values()) {
      locks += namespace.grants.size
      for (const { waits } of namespace.waits.values()) if (waits) waiters += 1
    }
    return { locks, waiters }
  }

  /**
   * Takes over what the previous hub left on the same address. What no session has taken over one lease after that
   * hub's end is released.
   *
   * @param address where the hub listens
   */
  async begin(address: string): Promise<void> {
    // An engine with its own leases keeps them without help, and proves whose they are.
    if (this.#options.url !== 'local:') return
    await this.#keeper.begin(privateSocketPath(`hub ${address}`, this.#options.home))
    void this.#keeper.left().then((inherited) => {
      if (this.#isAbandoned) return
      this.#inherited = setTimeout(() => {
        for (const lock of inherited()) this.#releaseInherited(lock)
      }, this.#options.leaseMs).unref()
    })
  }

  /** From now on nothing is released: the next hub takes it over; without one it ends with its lease. */
  abandon(): void {
    this.#isAbandoned = true
    clearTimeout(this.#inherited)
    for (const namespace of this.#namespaces.values()) namespace.abandon()
  }

  /** Closes the store. Promises to clients are kept. */
  async close(): Promise<void> {
    clearTimeout(this.#sweep)
    this.abandon()
    await Promise.all([...this.#namespaces.values()].map((namespace) => namespace.close()))
    this.#namespaces.clear()
    this.#keeper.end()
  }

  #releaseInherited(lock: KeptLock): void {
    const namespace = this.enter(lock.namespace)
    namespace
      .releaseInherited(lock)
      .catch(() => undefined)
      .finally(() => {
        this.leave(namespace)
      })
  }

  #sweepLater(): void {
    const [namespace] = [...this.#namespaces.values()].filter(({ users }) => users === 0)
    if (namespace === undefined) return
    namespace.users += 1
    this.leave(namespace)
  }

  #forget(namespace: HubNamespace): void {
    this.#namespaces.delete(namespace.namespace)
    void namespace.close()
  }
}
