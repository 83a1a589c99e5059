import { privateSocketPath } from '@cli-ops/shared-ipc/driver'

import { HubPlace } from './hub-place.js'
import { LeaseKeeper } from './lease-keeper.js'

/** The store of a hub. */
export interface PlacesOptions {
  readonly url: string
  readonly home: string | undefined
  readonly leaseMs: number
}

/** A namespace that nobody has used for this long is closed. */
const CLOSE_AFTER_MS = 30_000

/** The namespaces of a store that are in use, each opened once. */
export class HubPlaces {
  readonly #options: PlacesOptions
  readonly #places = new Map<string, HubPlace>()
  readonly #keeper: LeaseKeeper
  #sweep: NodeJS.Timeout | undefined
  #inherited: NodeJS.Timeout | undefined

  constructor(options: PlacesOptions) {
    this.#options = options
    this.#keeper = new LeaseKeeper(options.leaseMs, () => {
      // In whose name they were held is dead, so anybody may take them.
      for (const { grants } of this.#places.values())
        for (const grant of [...grants.values()]) grant.lose()
    })
  }

  /** Opens a namespace for one user more. */
  enter(namespace: string): HubPlace {
    let place = this.#places.get(namespace)
    if (place === undefined) {
      place = new HubPlace({ ...this.#options, namespace, keeper: this.#keeper })
      this.#places.set(namespace, place)
    }
    place.users += 1
    return place
  }

  leave(place: HubPlace): void {
    place.users -= 1
    this.#sweep ??= setTimeout(() => {
      this.#sweep = undefined
      for (const each of this.#places.values()) if (each.isIdle) this.#forget(each)
      // Some of them are kept by leases that are yet to end.
      if ([...this.#places.values()].some(({ users }) => users === 0)) this.#sweepLater()
    }, CLOSE_AFTER_MS).unref()
  }

  /** Rejects where the store cannot be used. */
  async probe(): Promise<void> {
    const place = this.enter('')
    try {
      await (await place.registry()).discover({ name: 'cli-ops-hub-probe', probe: false })
    } finally {
      this.leave(place)
    }
  }

  /**
   * Takes up what the hub before this one left, on the same address. What no session has gone on with after one lease is given back.
   *
   * @param address where the hub listens
   */
  async begin(address: string): Promise<void> {
    // An engine with leases of its own keeps them by itself, and proves whose they are.
    if (this.#options.url !== 'local:') return
    const kept = await this.#keeper.begin(privateSocketPath(`hub ${address}`, this.#options.home))
    if (kept.length === 0) return
    this.#inherited = setTimeout(() => {
      for (const lock of kept) {
        const place = this.enter(lock.namespace)
        place
          .releaseInherited(lock)
          .catch(() => undefined)
          .finally(() => {
            this.leave(place)
          })
      }
    }, this.#options.leaseMs)
    this.#inherited.unref()
  }

  /** From now on nothing is given back: the next hub goes on with it, and where there is none it ends with its lease. */
  abandon(): void {
    clearTimeout(this.#inherited)
    for (const place of this.#places.values()) place.abandon()
  }

  /** Closes the store. What is promised to clients is kept. */
  async close(): Promise<void> {
    clearTimeout(this.#sweep)
    this.abandon()
    await Promise.all([...this.#places.values()].map((place) => place.close()))
    this.#places.clear()
    this.#keeper.end()
  }

  #sweepLater(): void {
    const [place] = [...this.#places.values()].filter(({ users }) => users === 0)
    if (place === undefined) return
    place.users += 1
    this.leave(place)
  }

  #forget(place: HubPlace): void {
    this.#places.delete(place.namespace)
    void place.close()
  }
}
