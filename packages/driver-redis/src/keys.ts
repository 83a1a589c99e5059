/**
 * The keys and channels of one namespace. They share one hash tag, so a cluster keeps them in one slot and a script can
 * use several. Names of resources and groups come from the caller and go at the end, unchanged.
 */
export class Keys {
  readonly #prefix: string

  constructor(namespace: string) {
    // Encoded, so that no namespace can end the hash tag early and pass for another one.
    this.#prefix = `{cli-ops:${encodeURIComponent(namespace)}}:`
  }

  /** Returns the prefix of the locks of one kind: the users' locks, or the locks that elect a group's active reader. */
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

  /** The parked events to retry. */
  retries(group: string): string {
    return `${this.#prefix}events:retries:${group}`
  }

  /** How often a group was given each event that it has not finished. */
  attempts(group: string): string {
    return `${this.#prefix}events:attempts:${group}`
  }

  get records(): string {
    return `${this.#prefix}registry`
  }

  get recordDeadlines(): string {
    return `${this.#prefix}registry:deadlines`
  }

  /** Channel for hints that something was stored. */
  get eventChannel(): string {
    return `${this.#prefix}on:events`
  }

  /** Channel for hints that parked events should be retried; the message is the group. */
  get parkingChannel(): string {
    return `${this.#prefix}on:parked`
  }

  /** Channel for hints that the set of records has changed. */
  get registryChannel(): string {
    return `${this.#prefix}on:registry`
  }

  /** Returns the channel that reaches one driver. */
  inbox(driverId: string): string {
    return `${this.#prefix}to:${driverId}`
  }
}
