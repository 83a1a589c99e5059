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

/** How a place is reached. */
export interface NamespaceOptions {
  readonly url: string
  readonly home: string | undefined
  readonly namespace: string
  readonly leaseMs: number
  readonly keeper: LeaseProcess
  readonly metrics: HubMetrics
}

/** One namespace of the store, and what the hub has in it for its clients. */
export class HubNamespace {
  readonly namespace: string
  readonly metrics: HubMetrics
  /** By id. A lock stays here after its client has gone, until its lease ends. */
  readonly grants = new Map<string, ClientGrant>()
  /** By name and instance. */
  readonly records = new Map<string, ClientRecord>()
  /** Acquisitions that wait, by id. */
  readonly waits = new Map<string, ClientWait>()
  /** Where the hub listens for clients, by what they call it. */
  readonly endpoints = new Map<string, ClientEndpoint>()
  /** Connections that are bound to it. */
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

  /** Nobody uses it, and nothing is promised to anybody. */
  get isIdle(): boolean {
    return this.users === 0 && this.grants.size === 0
  }

  /** The locks as they are looked at. */
  async locks(): Promise<LockDriver> {
    return (await this.#handle('locks').open()).locks
  }

  /** The locks as they are taken: so that they outlive this process for as long as was promised. */
  async leases(): Promise<LockDriver> {
    const { locks, capabilities } = await this.#handle('locks').open()
    // An engine that keeps leases by itself needs no process for that.
    this.#isKept = !capabilities.leases
    if (capabilities.leases) return locks
    if (locks.ownedBy === undefined) {
      const message = 'the store of the hub cannot keep a lock over a crash of the hub'
      throw new CliOpsError('UNSUPPORTED', message)
    }
    const pid = await this.#options.keeper.pid()
    if (this.#owned?.pid !== pid)
      this.#owned = { pid, locks: locks.ownedBy(pid, undefined, { waitsAsSelf: true }) }
    return this.#owned.locks
  }

  /** Waits for a lock, in the order of arrival. */
  async acquire(
    request: LockRequest & { readonly arrival: bigint },
    wait: LockWait,
  ): Promise<LockGrant> {
    const locks = await this.leases()
    // An engine has a queue for many. Who holds something has to be seen by whoever looks for a cycle of waiters.
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

  /** Adds to what the store says of a lock those who wait for it here. */
  withWaiters(info: LockInfo): LockInfo {
    const more = this.#queues.get(info.resource)?.waiting ?? []
    if (more.length === 0) return info
    const waiting = (): LockInfo['waiting'] => [...info.waiting, ...more]
    return createLockInfo({ ...info, waiting }) ?? info
  }

  /** A client asks for a lock: should this hub end, the next one knows of it. */
  note(
    { id, resource, arrival }: LockRequest & { readonly arrival: bigint },
    session: string,
  ): void {
    if (!this.#isKept) return
    const { namespace } = this
    const kept = { id, namespace, resource, session, arrival: String(arrival) }
    this.#options.keeper.note(kept)
  }

  /** The lock is not held any more, and not asked for. */
  forget(id: string): void {
    if (this.#isKept && !this.#isClosing) this.#options.keeper.forget(id)
  }

  /** What the hub before this one knew of a lock that the same session asks for. */
  inherited(id: string, session: string): KeptLock | undefined {
    return this.#options.keeper.inherited(id, session)
  }

  /** Gives back what the hub before this one held, or had been asked for, and nobody has gone on with. */
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

  /** What clients have from now on is what the next hub goes on with, and ends with its lease where there is none. */
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
      // What the store gives is renewed at a third of its length, so a client's lease is never longer than what is left of it.
      const options = { url, home, namespace, leaseMs: Math.ceil(leaseMs * 1.6), disabled: false }
      handle = openDriver(options, primitive) as DriverHandle<Primitive>
      this.#handles.set(primitive, handle)
    }
    return handle as DriverHandle<Name>
  }
}
