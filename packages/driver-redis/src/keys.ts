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

  /** Groups that have parked events. */
  get parking(): string {
    return `${this.#prefix}events:parking`
  }

  /** Events that a group has parked. */
  parked(group: string): string {
    return `${this.#prefix}events:parked:${group}`
  }

  /** Those of them that are to be tried again. */
  retries(group: string): string {
    return `${this.#prefix}events:retries:${group}`
  }

  /** How often a group was given the events that it has not finished. */
  attempts(group: string): string {
    return `${this.#prefix}events:attempts:${group}`
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

  /** Channel of hints that parked events are to be tried again; the group is the message. */
  get parkingChannel(): string {
    return `${this.#prefix}on:parked`
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
