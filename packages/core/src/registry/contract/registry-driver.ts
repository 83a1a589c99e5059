import type { ServiceInfo } from './service-types.js'
import type { CleanOptions } from '../../locks/contract/lock-driver.js'
import type { MaybePromise } from '../../base/wait/maybe-promise.js'

/** A command in progress, as its process has announced it: what others store of it where that process cannot. */
export interface OpenCommand {
  /** Path of the command without the program's name. */
  readonly command: string
  /** Milliseconds since the epoch. */
  readonly startedAt: number
  /** Id of the event that ends it. Whoever stores that event uses this id, so there is one end however many try. */
  readonly endId: string
  /** What its rule asks for, where that is known before the command runs. */
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
  /** The commands whose last lifecycle event is still to come; only where those events are kept beside the registry. */
  readonly commands?: readonly OpenCommand[] | undefined
  /** The caller's own fields, JSON. */
  readonly metadata: Readonly<Record<string, unknown>>
}

/** What a driver is asked for. */
export interface ServiceQuery {
  /** Only instances of this CLI. */
  readonly name?: string | undefined
  /**
   * Ask every instance that has an endpoint for an answer, to tell `hung` from `live`. Without it only what the
   * engine knows by itself counts, and an endpoint may be stale.
   */
  readonly probe: boolean
  /** Leave the records of dead processes where they are. */
  readonly readOnly?: boolean | undefined
}

/**
 * Running instances on one engine. A record lives as long as its process: after a crash it is never
 * returned as live, and the next process that looks removes it.
 */
export interface RegistryDriver {
  /** True where every instance lives in this process; each name then counts as an instance of its own. */
  readonly inProcess?: boolean
  /**
   * Stores or replaces the record of `name` and `instance`. With `ifAbsent` one that is there stays as it is: another thread of
   * the process knows more. Only drivers that need the network are asked that.
   */
  register(record: ServiceRecord, options?: { readonly ifAbsent?: boolean }): MaybePromise<void>
  /** As `register`, synchronously; absent on drivers that need the network. */
  registerSync?(record: ServiceRecord): void
  /** Tells whether the record is there, at the cost of one system call; absent on drivers that need the network. */
  hasSync?(name: string, instance: string): boolean
  /** Removes the record; a missing one is no error. */
  unregister(name: string, instance: string): MaybePromise<void>
  /** As `unregister`, synchronously; absent on drivers that need the network. */
  unregisterSync?(name: string, instance: string): void
  /** The live and hung instances, oldest first, this process's own among them. */
  discover(query: ServiceQuery): MaybePromise<ServiceInfo[]>
  /** Calls `listener` after any change to the set of records; returns a function that stops. A hint that may come late or twice; it keeps no process alive. */
  watch(listener: () => void): () => void
  /** Removes the records of dead processes and reports them. */
  clean(options?: CleanOptions): MaybePromise<ServiceInfo[]>
}

/** The part of a registry that stores records. */
export type RecordKeeper = Pick<
  RegistryDriver,
  'inProcess' | 'register' | 'registerSync' | 'hasSync' | 'unregister' | 'unregisterSync'
>
