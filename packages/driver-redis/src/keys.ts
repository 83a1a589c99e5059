/**
 * The keys and channels of one namespace. All of them carry one hash tag, so that a cluster keeps them in one slot and a
 * script may touch several. Names of resources and groups are the caller's and stand at the end, as they are.
 */
export class Keys {
  readonly #prefix: string

  constructor(namespace: string) {
    // Encoded, so that no namespace can end the hash tag early and read as another one.
    this.#prefix = `{cli-ops:${encodeURIComponent(namespace)}}:`
  }

  /** Keys of the locks of one kind: those of users, and those that elect a group's active reader. */
  locks(kind: 'lock' | 'group'): string {
    return `${this.#prefix}${kind}:`
  }

  get log(): string {
    return `${this.#prefix}events`
  }

  get logState(): string {
    return `${this.#prefix}events:state`
  }

  get groups(): string {
    return `${this.#prefix}events:groups`
  }

  get records(): string {
    return `${this.#prefix}registry`
  }

  get recordDeadlines(): string {
    return `${this.#prefix}registry:deadlines`
  }

  /** Channel of hints that something was stored. */
  get eventChannel(): string {
    return `${this.#prefix}on:events`
  }

  /** Channel of hints that the set of records has changed. */
  get registryChannel(): string {
    return `${this.#prefix}on:registry`
  }

  /** Channel on which one driver is reached. */
  inbox(driverId: string): string {
    return `${this.#prefix}to:${driverId}`
  }
}
