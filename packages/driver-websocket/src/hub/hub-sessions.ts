import { CliOpsError } from '@cli-ops/shared-ipc/driver'

import type { ClientSession } from './client-session.js'

/** The limits of a hub's sessions. */
export interface SessionLimits {
  readonly maxSessions: number
  readonly maxSessionsPerKey: number
}

/** The sessions that a hub knows, with a connection or within their lease without one. */
export class HubSessions {
  readonly #limits: SessionLimits
  readonly #byId = new Map<string, ClientSession>()
  readonly #perKey = new Map<string, number>()

  constructor(limits: SessionLimits) {
    this.#limits = limits
  }

  get size(): number {
    return this.#byId.size
  }

  get(id: string): ClientSession | undefined {
    return this.#byId.get(id)
  }

  all(): readonly ClientSession[] {
    return [...this.#byId.values()]
  }

  /** Throws `RATE_LIMITED` if the key has no room for a further session. */
  assertRoom(key: string): void {
    const { maxSessions, maxSessionsPerKey } = this.#limits
    if (this.#byId.size >= maxSessions)
      throw new CliOpsError('RATE_LIMITED', `the hub has ${maxSessions} sessions, its limit`)
    if ((this.#perKey.get(key) ?? 0) >= maxSessionsPerKey) {
      const message = `this access key has ${maxSessionsPerKey} sessions, its limit`
      throw new CliOpsError('RATE_LIMITED', message)
    }
  }

  add(session: ClientSession): void {
    this.#byId.set(session.id, session)
    this.#perKey.set(session.keyName, (this.#perKey.get(session.keyName) ?? 0) + 1)
  }

  /** The session has ended. */
  remove(session: ClientSession): void {
    if (this.#byId.get(session.id) !== session) return
    this.#byId.delete(session.id)
    const left = (this.#perKey.get(session.keyName) ?? 0) - 1
    if (left > 0) this.#perKey.set(session.keyName, left)
    else this.#perKey.delete(session.keyName)
  }
}
