import { addressOf, type NodeAddress } from './client-options.js'

/**
 * Where the node is that has the keys of a namespace: the one of the URL, until a cluster names another one. All connections of a
 * driver go to one node, since the keys of a namespace are in one slot, and only there `PUBLISH` counts who has heard it.
 */
export class NodeLocation {
  #address: NodeAddress
  readonly #listeners = new Set<() => void>()

  constructor(url: URL) {
    this.#address = addressOf(url)
  }

  get address(): NodeAddress {
    return this.#address
  }

  /** Calls `listener` after each move. */
  onMove(listener: () => void): void {
    this.#listeners.add(listener)
  }

  /** @param host empty where it is the same as before */
  move(host: string, port: number): void {
    const previous = this.#address
    this.#address = { host: host || previous.host, port }
    if (previous.host === this.#address.host && previous.port === port) return
    for (const listener of this.#listeners) listener()
  }
}
