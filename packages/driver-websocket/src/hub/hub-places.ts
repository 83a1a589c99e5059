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

  /** Closes the store. What is promised to clients is kept: by the process that keeps leases, else by waiting for their end. */
  async close(): Promise<void> {
    clearTimeout(this.#sweep)
    const places = [...this.#places.values()]
    const hasPromised = places.some(({ grants }) => grants.size > 0)
    this.#keeper.end(hasPromised)
    await Promise.all(places.map((place) => place.close()))
    this.#places.clear()
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
