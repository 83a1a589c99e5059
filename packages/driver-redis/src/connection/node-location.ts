import { hostsOf, type NodeAddress } from './client-options.js'

/**
 * Where the node is that has the keys of a namespace: the first of the URL, until it cannot be reached, takes no writes, or a cluster
 * names another one. All connections of a driver go to one node, since the keys of a namespace are in one slot, and only
 * there `PUBLISH` counts who has heard it.
 */
export class NodeLocation {
  readonly #seeds: readonly NodeAddress[]
  /** Further nodes of the cluster, as far as one has told. */
  #known: readonly NodeAddress[] = []
  #address: NodeAddress
  readonly #listeners = new Set<() => void>()

  constructor(url: URL) {
    this.#seeds = hostsOf(url)
    this.#address = this.#seeds[0] ?? { host: '127.0.0.1', port: 0 }
  }

  get address(): NodeAddress {
    return this.#address
  }

  /** Where to try to connect, the likeliest first. */
  get candidates(): NodeAddress[] {
    const all = [this.#address, ...this.#seeds, ...this.#known]
    return all.filter((one, index) => all.findIndex((other) => isSame(one, other)) === index)
  }

  /** Remembers the nodes of a cluster, for when the present one fails. */
  remember(nodes: readonly NodeAddress[]): void {
    this.#known = nodes
  }

  /** Calls `listener` after each move, until the returned function is called. */
  onMove(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** @param address its host is empty where that is the same as before */
  move({ host, port }: NodeAddress): void {
    const next = { host: host || this.#address.host, port }
    if (isSame(next, this.#address)) return
    this.#address = next
    this.#tell()
  }

  /** This node takes no writes any more: all connections to it end, and the next one is made to whoever takes them. */
  leave(): void {
    this.#address = this.#seeds[0] ?? this.#address
    this.#tell()
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) listener()
  }
}

function isSame(one: NodeAddress, other: NodeAddress): boolean {
  return one.host === other.host && one.port === other.port
}
