import type { ServiceInfo } from './service-types.js'
import type { CleanOptions } from '../../locks/contract/lock-driver.js'
import type { MaybePromise } from '../../base/wait/maybe-promise.js'

/** A command in progress, as announced by its process: what other processes store about it if that one cannot. */
export interface OpenCommand {
  /** Path of the command without the program's name. */
  readonly command: string
  /** Milliseconds since the epoch. */
  readonly startedAt: number
  /** Id of the event that ends it. Every process that stores this event uses this id, so there is only one end. */
  readonly endId: string
  /** The lock of its rule, if known before the command runs. */
  readonly lock?: { readonly resource: string; readonly label?: string | undefined } | undefined
}

/** What an instance stores about itself. */
export interface ServiceRecord {
  readonly name: string
  readonly instance: string
  readonly pid: number
  readonly version?: string | undefined
  /** Milliseconds since the epoch. */
  readonly startedAt: number
  readonly endpoint?: string | undefined
  /** The commands whose last lifecycle event is still to come; only if those events are kept next to the registry. */
  readonly commands?: readonly OpenCommand[] | undefined
  /** The caller's own fields, JSON. */
  readonly metadata: Readonly<Record<string, unknown>>
}

/** A query to a driver. */
export interface ServiceQuery {
  /** Only instances of this CLI. */
  readonly name?: string | undefined
  /**
   * Ping every instance that has an endpoint, to tell `hung` from `live`. Without it, only what the engine knows counts, and an
   * endpoint can be stale.
   */
  readonly probe: boolean
  /** Leave the records of dead processes where they are. */
  readonly readOnly?: boolean | undefined
}

/**
 * Running instances on one engine. A record lives as long as its process. After a crash it is never returned as live, and the next
 * process that reads it removes it.
 */
export interface RegistryDriver {
  /** True if all instances live in this process; each name then counts as a separate instance. */
  readonly inProcess?: boolean
  /**
   * Stores or replaces the record of `name` and `instance`. With `ifAbsent`, an existing record stays as it is: another thread of the
   * process knows more. Used only with drivers that need the network.
   */
  register(record: ServiceRecord, options?: { readonly ifAbsent?: boolean }): MaybePromise<void>
  /** Like `register`, but synchronous; absent on drivers that need the network. */
  registerSync?(record: ServiceRecord): void
  /** Returns whether the record exists, at the cost of one system call; absent on drivers that need the network. */
  hasSync?(name: string, instance: string): boolean
  /** Removes the record; a missing one is not an error. */
  unregister(name: string, instance: string): MaybePromise<void>
  /** Like `unregister`, but synchronous; absent on drivers that need the network. */
  unregisterSync?(name: string, instance: string): void
  /** Returns the live and hung instances, oldest first, including this process's own. */
  discover(query: ServiceQuery): MaybePromise<ServiceInfo[]>
  /**
   * Calls `listener` after any change to the set of records; returns a function that stops. A hint, which can come late or twice.
   * Keeps no process alive.
   */
  watch(listener: () => void): () => void
  /** True if `watch` also reports that a process was killed, within a second: its users then poll only for lost hints. */
  readonly reportsDeaths?: boolean
  /** Removes the records of dead processes and returns them. */
  clean(options?: CleanOptions): MaybePromise<ServiceInfo[]>
}

/** The part of a registry that stores records. */
export type RecordKeeper = Pick<
  RegistryDriver,
  'inProcess' | 'register' | 'registerSync' | 'hasSync' | 'unregister' | 'unregisterSync'
>
