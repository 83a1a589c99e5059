import type { LockMode, Owner } from '@cli-ops/shared-ipc/driver'

/** The WebSocket subprotocol. Its number changes when peers of the previous version would not understand a change. */
export const SUBPROTOCOL = 'cli-ops.v1'

/** Codes with which a hub ends a connection. */
export const CLOSE = {
  /** The hub is shutting down. It, or another one, may be back immediately. */
  goingAway: 1001,
  restarting: 1012,
  /** Binary frames. */
  unsupported: 1003,
  /** The message does not follow this protocol. */
  badMessage: 4400,
  /** The access key was revoked, was changed or has expired. */
  keyGone: 4401,
  /** The session continues over another connection. */
  replaced: 4409,
  /** The peer was silent for too long. */
  silent: 4408,
  /** More data was left unread than a hub keeps. */
  slowReader: 4413,
} as const

/** What a client reports about itself. */
export interface ClientProcess {
  readonly name: string
  readonly pid: number
  readonly host: string
  readonly user: string
  readonly command?: string | undefined
  /** Milliseconds since the epoch. */
  readonly startedAt: number
}

/** Params of `hello`, the first request of a connection. */
export interface HelloParams {
  readonly namespace: string
  readonly leaseMs: number
  readonly process: ClientProcess
  /** The session to resume; missing on the first connection. */
  readonly session?: SessionKey | undefined
}

/** Proves that a session is one's own. Neither part is ever shown to others. */
export interface SessionKey {
  readonly id: string
  readonly secret: string
}

/** The answer to `hello`. */
export interface Welcome {
  /** The lease length that the hub has granted. */
  readonly leaseMs: number
  readonly maxFrameBytes: number
  /** The access key's name. */
  readonly key: string
  readonly scopes: readonly string[]
  readonly session: SessionKey & {
    /**
     * Whether the hub has resumed the session: registrations and listeners are intact, and a request to do something
     * once is not done twice.
     */
    readonly resumed: boolean
  }
}

/** An owner on the wire: JSON has no dates. */
export type WireOwner = Omit<Owner, 'startedAt'> & { readonly startedAt: number }

/** A lock's state on the wire. Tokens exceed JSON's exact numbers. */
export interface WireLockInfo {
  readonly resource: string
  readonly mode: LockMode
  readonly holders: readonly (WireWaiter & { readonly id: string; readonly token: string })[]
  readonly waiting: readonly WireWaiter[]
  /** The recipient's queue position, if the other waiters are not listed. */
  readonly queue?: { readonly position: number; readonly length: number }
  /** For how many milliseconds the hub's engine grants nothing. */
  readonly closedForMs?: number
}

/** A waiter or a holder of a lock. */
export interface WireWaiter {
  readonly owner: WireOwner
  readonly since: number
  readonly label?: string
  /** Of a waiter that wants to share the lock. */
  readonly mode?: 'shared'
}

/** A granted lock. */
export interface WireGrant {
  readonly token: string
  readonly grantedAt: number
  /** Sent to a hub that knows nothing of the grant after a restart, along with the other params of `locks.renew`. */
  readonly proof: string
  /** Counted from the sending of the request; `0` if it was waited for, so that the owner has to renew it before using it. */
  readonly leaseMs: number
}
