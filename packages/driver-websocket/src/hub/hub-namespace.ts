import {
  CliOpsError,
  type DriverHandle,
  type EventDriver,
  type LockDriver,
  type LockInfo,
  type LockRequest,
  type LockGrant,
  type LockWait,
  createLockInfo,
  openDriver,
  type Primitive,
  type RegistryDriver,
  type RpcDriver,
} from '@cli-ops/shared-ipc/driver'

import type { ClientGrant } from './client-grant.js'
import type { ClientWait } from './client-locks.js'
import type { ClientRecord } from './client-registry.js'
import type { ClientEndpoint } from './client-rpc.js'
import type { HubMetrics } from './hub-metrics.js'
import type { KeptLock, LeaseProcess } from './lease-process.js'
import { LockQueue } from './lock-queue.js'

/** How to reach a namespace. */
export interface NamespaceOptions {
  readonly url: string
  readonly home: string | undefined
  readonly namespace: string
  readonly leaseMs: number
  readonly keeper: LeaseProcess
  readonly metrics: HubMetrics
}

/** One namespace of the store, and what the hub holds in it for its clients. */
export class HubNamespace {
  readonly namespace: string
  readonly metrics: HubMetrics
  /** By id. A lock stays here after its client has gone, until its lease ends. */
  readonly grants = new Map<string, ClientGrant>()
  /** By name and instance. */
  readonly records = new Map<string, ClientRecord>()
  /** Waiting acquisitions, by id. */
  readonly waits = new Map<string, ClientWait>()
  /** Where the hub listens for clients, by the name that they use. */
  readonly endpoints = new Map<string, ClientEndpoint>()
  /** Connections bound to it. */
  users = 0
  readonly #options: NamespaceOptions
  readonly #handles = new Map<Primitive, DriverHandle<Primitive>>()
  readonly #queues = new Map<string, LockQueue>()
  #isKept = false
  #isClosing = false
  #owned: { readonly pid: number; readonly locks: LockDriver } | undefined

  constructor(options: NamespaceOptions) {
    this.#options = options
    this.namespace = options.namespace
    this.metrics = options.metrics
  }

  /** Whether no connection uses it and no client has been promised anything. */
  get isIdle(): boolean {
    return this.users === 0 && this.grants.size === 0
  }

  /** The locks for inspection. */
  async locks(): Promise<LockDriver> {
    return (await this.#handle('locks').open()).locks
  }

  /** The locks for acquisition: they outlive this process for as long as promised. */
  async leases(): Promise<LockDriver> {
    const { locks, capabilities } = await this.#handle('locks').open()
    // An engine with leases keeps them without such a process.
    this.#isKept = !capabilities.leases
    if (capabilities.leases) return locks
    if (locks.ownedBy === undefined) {
      const message = "the hub's store cannot keep a lock across a crash of the hub"
      throw new CliOpsError('UNSUPPORTED', message)
    }
    const pid = await this.#options.keeper.pid()
    if (this.#owned?.pid !== pid)
      this.#owned = { pid, locks: locks.ownedBy(pid, undefined, { waitsAsSelf: true }) }
    return this.#owned.locks
  }

  /** Waits for a lock, in order of arrival. */
  async acquire(
    request: LockRequest & { readonly arrival: bigint },
    wait: LockWait,
  ): Promise<LockGrant> {
    const locks = await this.leases()
    // An engine has a queue for many. A flow that holds something has to be visible to the search for a cycle of
    // waiters.
    if (!this.#isKept || request.held.length > 0) return locks.acquire(request, wait)
    const { resource } = request
    const queue = this.#queues.get(resource) ?? new LockQueue(locks)
    this.#queues.set(resource, queue)
    try {
      return await queue.acquire(request, wait)
    } finally {
      if (queue.isIdle && this.#queues.get(resource) === queue) this.#queues.delete(resource)
    }
  }

  /** Adds the waiters here to the store's description of a lock. */
  withWaiters(info: LockInfo): LockInfo {
    const more = this.#queues.get(info.resource)?.waiting ?? []
    if (more.length === 0) return info
    const waiting = (): LockInfo['waiting'] => [...info.waiting, ...more]
    return createLockInfo({ ...info, waiting }) ?? info
  }

  /** Records that a client requests a lock, so that the next hub knows of it if this one ends. */
  note(
    { id, resource, arrival }: LockRequest & { readonly arrival: bigint },
    session: string,
  ): void {
    if (!this.#isKept) return
    const { namespace } = this
    const kept = { id, namespace, resource, session, arrival: String(arrival) }
    this.#options.keeper.note(kept)
  }

  /** The lock is no longer held or requested. */
  forget(id: string): void {
    if (this.#isKept && !this.#isClosing) this.#options.keeper.forget(id)
  }

  /** Returns what the previous hub knew of a lock that the same session requests. */
  inherited(id: string, session: string): KeptLock | undefined {
    return this.#options.keeper.inherited(id, session)
  }

  /** Releases what the previous hub held, or was asked for, and no session has taken over. */
  async releaseInherited({ id, resource }: KeptLock): Promise<void> {
    if (this.grants.has(id) || this.waits.has(id)) return
    await (await this.leases()).forceRelease(resource, id)
    this.forget(id)
  }

  async events(): Promise<EventDriver> {
    return (await this.#handle('events').open()).events
  }

  async registry(): Promise<RegistryDriver> {
    return (await this.#handle('registry').open()).registry
  }

  async rpc(): Promise<RpcDriver> {
    return (await this.#handle('rpc').open()).rpc
  }

  /** From now on, the next hub takes over what clients have; without one it ends with its lease. */
  abandon(): void {
    this.#isClosing = true
    for (const grant of [...this.grants.values()]) grant.abandon()
  }

  async close(): Promise<void> {
    await Promise.allSettled([...this.#handles.values()].map((handle) => handle.close()))
    this.#handles.clear()
  }

  #handle<Name extends Primitive>(primitive: Name): DriverHandle<Name> {
    const { url, home, namespace, leaseMs } = this.#options
    let handle = this.#handles.get(primitive)
    if (handle === undefined) {
      // A store's lease is renewed at a third of its length, so a client's lease is never longer than its remainder.
      const options = { url, home, namespace, leaseMs: Math.ceil(leaseMs * 1.6), disabled: false }
      handle = openDriver(options, primitive) as DriverHandle<Primitive>
      this.#handles.set(primitive, handle)
    }
    return handle as DriverHandle<Name>
  }
}
