import type { EventDriver } from './event-driver.js'
import type { LockDriver } from './lock-driver.js'
import type { RegistryDriver } from './registry-driver.js'
import type { RpcDriver } from './rpc-driver.js'

/** The four things that processes are given. */
export type Primitive = 'locks' | 'events' | 'registry' | 'rpc'

/** What a driver can do. A missing one is refused when the driver is opened, never silently left out. */
export interface DriverCapabilities {
  /** Locks expire unless they are renewed, so only fenced writes are safe. */
  readonly leases: boolean
  readonly sharedLocks: boolean
  /** `tryLockSync`, `emitSync` and work in exit handlers. */
  readonly synchronous: boolean
  /** Subscriptions can begin in the past. */
  readonly replay: boolean
  readonly durableGroups: boolean
  /** Works between machines. */
  readonly remote: boolean
}

/**
 * The implementation of the primitives on one engine. Making one does no I/O: an embedded driver
 * touches the disk at its first operation, a networked one connects in `open`.
 */
export interface Driver {
  /** `local`, `memory`, `redis`, … */
  readonly name: string
  readonly capabilities: DriverCapabilities
  /** Absent where the engine cannot provide the primitive. */
  readonly locks?: LockDriver
  readonly events?: EventDriver
  readonly registry?: RegistryDriver
  readonly rpc?: RpcDriver
  /** Connects; called once before the first operation where present. Rejects with `ENGINE_UNAVAILABLE`. */
  open?(): Promise<void>
  /**
   * True for one caller within the interval: who gets it cleans up what dead processes left. Absent where the
   * engine expires things by itself.
   */
  claimCleanup?(intervalMs: number): boolean
  /** Gives back what the driver holds. Called once. */
  close(): Promise<void>
}

/** What a driver is made from. */
export interface DriverOptions {
  readonly url: URL
  /** Empty for the default namespace. Namespaces share nothing. */
  readonly namespace: string
  /** The home directory, absolute. */
  readonly home: string
}

/** What a driver package exports under the name `createDriver`. */
export type CreateDriver = (options: DriverOptions) => Driver

export type { EventDriver, LockDriver, RegistryDriver, RpcDriver }
export type { MaybePromise } from './maybe-promise.js'
export type { CleanOptions, LockGrant, LockRequest, LockWait } from './lock-driver.js'
export type {
  AppendOptions,
  EventBatch,
  EventReader,
  EventRecord,
  ReaderOptions,
  Retention,
} from './event-driver.js'
export type { ServiceQuery, ServiceRecord } from './registry-driver.js'
export type {
  RpcChannel,
  RpcLimits,
  RpcListener,
  RpcMessage,
  RpcReceiver,
  RpcService,
} from './rpc-driver.js'
