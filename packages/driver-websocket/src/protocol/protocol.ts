import type { LockMode, Owner } from '@cli-ops/shared-ipc/driver'

/** WebSocket subprotocol; its number changes with what peers of the other one would not understand. */
export const SUBPROTOCOL = 'cli-ops.v1'

/** Codes with which a hub ends a connection. */
export const CLOSE = {
  /** The hub is being stopped. It, or another one, may be back at once. */
  goingAway: 1001,
  restarting: 1012,
  /** Binary frames. */
  unsupported: 1003,
  /** What came is no message of this protocol. */
  badMessage: 4400,
  /** The access key was revoked, was changed or has expired. */
  keyGone: 4401,
  /** The session goes on over another connection. */
  replaced: 4409,
  /** Nothing was heard in time. */
  silent: 4408,
  /** More was left unread than a hub keeps. */
  slowReader: 4413,
} as const

/** What a client says of itself. */
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
  /** The session that is to be gone on with; left out at the first connection. */
  readonly session?: SessionKey | undefined
}

/** What proves that a session is one's own. Nobody else is ever shown either part. */
export interface SessionKey {
  readonly id: string
  readonly secret: string
}

/** Answer to `hello`. */
export interface Welcome {
  /** What the hub has granted of the lease that was asked for. */
  readonly leaseMs: number
  readonly maxFrameBytes: number
  /** Name of the access key. */
  readonly key: string
  readonly scopes: readonly string[]
  readonly session: SessionKey & {
    /** The hub has gone on with it: what was registered and opened is there, and what was asked for once is not done twice. */
    readonly resumed: boolean
  }
}

/** An owner on the wire: JSON has no dates. */
export type WireOwner = Omit<Owner, 'startedAt'> & { readonly startedAt: number }

/** A lock's state on the wire. Tokens are longer than the numbers of JSON are exact. */
export interface WireLockInfo {
  readonly resource: string
  readonly mode: LockMode
  readonly holders: readonly (WireWaiter & { readonly id: string; readonly token: string })[]
  readonly waiting: readonly WireWaiter[]
  /** Where the one who is told stands, where the others are not named. */
  readonly queue?: { readonly position: number; readonly length: number }
}

/** One of those who wait for a lock, or hold it. */
export interface WireWaiter {
  readonly owner: WireOwner
  readonly since: number
  readonly label?: string
}

/** A lock that was granted. */
export interface WireGrant {
  readonly token: string
  readonly grantedAt: number
  /** Shown to a hub that knows nothing of the grant, since it has been started again, with what else `locks.renew` says of it. */
  readonly proof: string
  /** From the sending of the request on; `0` where it was waited for, so that the owner has to renew it before it may use it. */
  readonly leaseMs: number
}
