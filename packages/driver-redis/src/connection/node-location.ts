import { hostsOf, type NodeAddress } from './client-options.js'

/**
 * The node that has a namespace's keys: the first of the URL, until it is unreachable, takes no writes, or a cluster
 * names another one. All of a driver's connections go to one node, since a namespace's keys are in one slot and only
 * that node's `PUBLISH` counts the receivers.
 */
export class NodeLocation {
  readonly #seeds: readonly NodeAddress[]
  /** Further nodes of the cluster, as far as a node has reported them. */
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

  /** The nodes to try, the likeliest first. */
  get candidates(): NodeAddress[] {
    const all = [this.#address, ...this.#seeds, ...this.#known]
    return all.filter((one, index) => all.findIndex((other) => isSame(one, other)) === index)
  }

  /** Remembers the nodes of a cluster, for when the current one fails. */
  remember(nodes: readonly NodeAddress[]): void {
    this.#known = nodes
  }

  /** Calls `listener` after each move, until the returned function is called. */
  onMove(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** @param address its host is empty if it is unchanged */
  move({ host, port }: NodeAddress): void {
    const next = { host: host || this.#address.host, port }
    if (isSame(next, this.#address)) return
    this.#address = next
    this.#tell()
  }

  /** Leaves a node that no longer takes writes: all connections to it end, and the next one goes to the node that does. */
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
