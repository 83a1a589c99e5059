import type { Credentials, TlsFiles } from './engine-secrets.js'
import type { EventDriver } from '../events/contract/event-driver.js'
import type { LockDriver } from '../locks/contract/lock-driver.js'
import type { RegistryDriver } from '../registry/contract/registry-driver.js'
import type { RpcDriver } from '../rpc/contract/rpc-driver.js'

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
  /** Groups count attempts over restarts, and park what their handler fails on. Absent is false. */
  readonly parking?: boolean | undefined
  /** Works between machines. */
  readonly remote: boolean
}

/** Who an engine takes a process for, and what it lets it do. */
export interface EngineAccess {
  /** For people: `the token "laptop"`. */
  readonly bearer: string
  /** What it may do, and what it may not, in the engine's own words. */
  readonly granted: readonly string[]
  readonly refused: readonly string[]
}

/**
 * The implementation of the primitives on one engine. Making one does no I/O: an embedded driver
 * touches the disk at its first operation, a networked one connects in `open`.
 *
 * What is common to all drivers stands above them: names, options and messages are validated, defaults filled in, missing
 * primitives and capabilities refused; a driver is opened once, before its first operation, and closed once.
 *
 * A driver that needs the network settles every call, whatever has become of the engine or the way to it: within
 * `timeoutMs` with `ENGINE_UNAVAILABLE`, or soon after the call's own signal was aborted. It connects again by itself.
 * It keeps the process alive while a call is under way, and otherwise only where the contract says so: it has no timer
 * and no socket that would. Its messages and errors hold no password, error causes included.
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
  /** What to do about an absent primitive, for the end of a message: `set CLI_OPS_LOCKS_URL to a redis:// URL`. */
  readonly instead?: Readonly<Partial<Record<Primitive, string>>>
  /**
   * Connects; called once, before the first operation, where present. Rejects with `ENGINE_UNAVAILABLE`. The signal is
   * aborted at the deadline: nobody waits any more, and `close` follows.
   */
  open?(signal: AbortSignal): Promise<void>
  /** Tells what this process may do there, once the driver is open; `undefined` where nothing is known. For `doctor`. */
  access?(): EngineAccess | undefined
  /**
   * Finds what makes the engine unfit for what the driver promises: its settings, its clock, its version; empty where nothing does. Changes
   * nothing. For `doctor`, which tries by itself what its user may do.
   */
  findUnfit?(signal: AbortSignal): Promise<readonly EngineFinding[]>
  /**
   * True for one caller within the interval: who gets it cleans up what dead processes left. Absent where the
   * engine expires things by itself.
   */
  claimCleanup?(intervalMs: number): boolean
  /** Gives back what the driver holds. Called once, also after an `open` that failed; settles within `timeoutMs`. */
  close(): Promise<void>
}

/** What makes an engine unfit, and what to do about it. */
export interface EngineFinding {
  readonly problem: string
  readonly remedy: string
}

/** What a driver is made from. */
export interface DriverOptions {
  /** Without user name and password, so that it may be shown. */
  readonly url: URL
  /** Empty for the default namespace. Namespaces share nothing. */
  readonly namespace: string
  /** The home directory, absolute. */
  readonly home: string
  /** How long the engine may take to connect or to answer, in milliseconds. */
  readonly timeoutMs: number
  /** How long a lock or a registration outlives its process's contact with the engine, in milliseconds. */
  readonly leaseMs: number
  /**
   * Who to say one is: from the URL, the environment or a file. To be asked at each connection, since passwords change.
   *
   * @throws CliOpsError `ENGINE_UNAVAILABLE` where a file cannot be read
   */
  readonly credentials: () => Credentials
  /** Options for `tls.connect`, beyond Node's own. @throws CliOpsError `ENGINE_UNAVAILABLE` where a file cannot be read */
  readonly tls: () => TlsFiles
}

/** What a driver package exports under the name `createDriver`. */
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
