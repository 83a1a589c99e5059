import type { OpenCommand } from '../../registry/contract/registry-driver.js'
import type { ErrorCode } from '../../base/errors/error-codes.js'
import type { LockInfo, LockOptions } from '../../locks/contract/lock-types.js'
import type { ConnectionOptions } from '../../engine/connection-options.js'

/** The process that a companion acts for. */
export interface HostFacts {
  readonly pid: number
  readonly instance: string
  readonly name: string
  readonly startedAt: Date
  /** The host's main script: a driver that is not installed beside the kit is resolved from there. */
  readonly script: string | undefined
}

/** Options of a lock request, including those of runs that join or replace one another. */
export interface OrderedLock extends Omit<LockOptions, 'signal' | 'onWait'> {
  readonly onBusy?: 'join' | 'replace' | undefined
  readonly graceMs?: number | undefined
}

/** A lock that the host requests. */
export interface LockOrder {
  /** Numbers the request; replies carry it. */
  readonly ask: number
  readonly resource: string
  readonly options: OrderedLock
  /** Ids of the locks that the asking flow holds through this companion. */
  readonly held: readonly string[]
  readonly command: string | undefined
  /** The host blocks until the reply, so it can update its display only when a message arrives. */
  readonly isBlocked: boolean
  /** The host shows the wait on a terminal, so it is told about once a second how the lock stands. */
  readonly isWatched: boolean
}

/** Messages from a host to its companion, carried out in order. */
export type HostMessage =
  | { readonly kind: 'start'; readonly connection: ConnectionOptions; readonly host: HostFacts }
  | { readonly kind: 'register'; readonly name: string; readonly version: string | undefined }
  | {
      readonly kind: 'append'
      readonly json: string
      /** The command that begins with this event. */
      readonly begins: OpenCommand | undefined
      /** The `endId` of the command that this event ends. */
      readonly ends: string | undefined
    }
  | ({ readonly kind: 'take' } & LockOrder)
  /** The lock is no longer wanted, even if it has just been granted. */
  | { readonly kind: 'leave'; readonly ask: number }
  | { readonly kind: 'release'; readonly id: string }
  /** The host's last message before it exits. `knows`: whether it has read the failure, if there was one. */
  | { readonly kind: 'end'; readonly knows: boolean }

/** An instant on the clocks that both processes share: `process.hrtime()` and `Date.now()`, in milliseconds. */
export interface SharedInstant {
  readonly monotonic: number
  readonly wall: number
}

/** A serialised error for the host; without a code it is a `TypeError`. */
export interface ReportedError {
  readonly code: ErrorCode | undefined
  readonly message: string
  readonly details: Readonly<Record<string, unknown>> | undefined
}

/** Messages from a companion to its host. */
export type CompanionMessage =
  /** Events or the registry cannot be used. */
  | { readonly kind: 'failed'; readonly reason: string }
  /** Without `info`, only time has passed. */
  | { readonly kind: 'waiting'; readonly ask: number; readonly info?: LockInfo }
  | {
      readonly kind: 'granted'
      readonly ask: number
      readonly resource: string
      readonly id: string
      readonly slot: string | undefined
      readonly token: bigint
      readonly grantedAt: Date
      readonly endsAt: SharedInstant
    }
  | { readonly kind: 'refused'; readonly ask: number; readonly error: ReportedError }
  /** The lease was renewed. */
  | { readonly kind: 'renewed'; readonly id: string; readonly endsAt: SharedInstant }
  | { readonly kind: 'lost'; readonly id: string }
