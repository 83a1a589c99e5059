import type { Credentials, TlsFiles } from './engine-secrets.js'
import type { EventDriver } from '../events/contract/event-driver.js'
import type { LockDriver } from '../locks/contract/lock-driver.js'
import type { RegistryDriver } from '../registry/contract/registry-driver.js'
import type { RpcDriver } from '../rpc/contract/rpc-driver.js'

/** The four primitives. */
export type Primitive = 'locks' | 'events' | 'registry' | 'rpc'

/** What a driver can do. A missing capability is refused when the driver is opened, never silently omitted. */
export interface DriverCapabilities {
  /** Locks expire unless they are renewed, so only fenced writes are safe. */
  readonly leases: boolean
  readonly sharedLocks: boolean
  /** `tryLockSync` and `emitSync` work, in exit handlers too. */
  readonly synchronous: boolean
  /** Subscriptions can start in the past. */
  readonly replay: boolean
  readonly durableGroups: boolean
  /** Groups count attempts across restarts, and park events that their handler fails on. Absent is false. */
  readonly parking?: boolean | undefined
  /** Works between machines. */
  readonly remote: boolean
}

/** The identity and rights of this process on an engine. */
export interface EngineAccess {
  /** For people: `the token "laptop"`. */
  readonly bearer: string
  /** The granted rights, and the refused ones, in the engine's own words. */
  readonly granted: readonly string[]
  readonly refused: readonly string[]
}

/**
 * The implementation of the primitives on one engine. Creating one does no I/O: an embedded driver touches the disk
 * at its first operation, a networked one connects in `open`.
 *
 * A layer above all drivers validates names, options and messages, fills in defaults, and refuses missing primitives and
 * capabilities. It opens a driver once, before its first operation, and closes it once.
 *
 * A driver that needs the network settles every call, whatever happened to the engine or the connection: within
 * `timeoutMs` with `ENGINE_UNAVAILABLE`, or soon after the call's own signal was aborted. It reconnects on its own. It
 * keeps the process alive during a call, and otherwise only if the contract says so: no other timer or socket may. Its
 * messages and errors contain no password, error causes included.
 */
export interface Driver {
  /** `local`, `memory`, `redis`, … */
  readonly name: string
  readonly capabilities: DriverCapabilities
  /** Absent if the engine cannot provide the primitive. */
  readonly locks?: LockDriver
  readonly events?: EventDriver
  readonly registry?: RegistryDriver
  readonly rpc?: RpcDriver
  /** What to do about an absent primitive, as the end of a message: `set CLI_OPS_LOCKS_URL to a redis:// URL`. */
  readonly instead?: Readonly<Partial<Record<Primitive, string>>>
  /**
   * Connects; called once, before the first operation, if present. Rejects with `ENGINE_UNAVAILABLE`. The signal is
   * aborted at the deadline: the caller has given up, and `close` follows.
   */
  open?(signal: AbortSignal): Promise<void>
  /** Returns what this process is allowed to do, once the driver is open; `undefined` if unknown. For `doctor`. */
  access?(): EngineAccess | undefined
  /**
   * Returns what makes the engine unfit for the driver's promises: its settings, its clock, its version; empty if nothing does. Changes
   * nothing. For `doctor`, which tests the user's rights itself.
   */
  findUnfit?(signal: AbortSignal): Promise<readonly EngineFinding[]>
  /**
   * Returns true for one caller within the interval, which then cleans up after dead processes. Absent if the engine
   * expires things on its own.
   */
  claimCleanup?(intervalMs: number): boolean
  /** Releases what the driver holds. Called once, even after a failed `open`; settles within `timeoutMs`. */
  close(): Promise<void>
}

/** What makes an engine unfit, and the remedy. */
export interface EngineFinding {
  readonly problem: string
  readonly remedy: string
}

/** The options for creating a driver. */
export interface DriverOptions {
  /** Without user name and password, so it can be shown. */
  readonly url: URL
  /** Empty for the default namespace. Namespaces share nothing. */
  readonly namespace: string
  /** The home directory, absolute. */
  readonly home: string
  /** How long the engine can take to connect or to answer, in milliseconds. */
  readonly timeoutMs: number
  /**
   * How long a lock or a registration survives without contact between its process and the engine, in milliseconds.
   */
  readonly leaseMs: number
  /**
   * Returns the credentials: from the URL, the environment or a file. Call it for each connection, since passwords
   * change.
   *
   * @throws CliOpsError `ENGINE_UNAVAILABLE` if a file cannot be read
   */
  readonly credentials: () => Credentials
  /**
   * Returns options for `tls.connect`, beyond Node's own. @throws CliOpsError `ENGINE_UNAVAILABLE` if a file cannot be
   * read
   */
  readonly tls: () => TlsFiles
}

/** The `createDriver` export of a driver package. */
export type CreateDriver = (options: DriverOptions) => Driver

export type { Credentials, TlsFiles }
export type { EventDriver, LockDriver, RegistryDriver, RpcDriver }
export type { MaybePromise } from '../base/wait/maybe-promise.js'
export type {
  CleanOptions,
  ListOptions,
  LockGrant,
  LockRequest,
  LockWait,
  OwnedByOptions,
} from '../locks/contract/lock-driver.js'
export type {
  AppendOptions,
  EventBatch,
  EventParking,
  EventReader,
  EventRecord,
  GroupLedger,
  ParkedCount,
  ReaderOptions,
  Retention,
} from '../events/contract/event-driver.js'
export type {
  OpenCommand,
  ServiceQuery,
  ServiceRecord,
} from '../registry/contract/registry-driver.js'
export type {
  RpcChannel,
  RpcLimits,
  RpcListener,
  RpcMessage,
  RpcReceiver,
  RpcService,
} from '../rpc/contract/rpc-driver.js'
