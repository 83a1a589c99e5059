import {
  CliOpsError,
  type DriverHandle,
  type EventDriver,
  KeepAlive,
  type LockDriver,
  openDriver,
  type Primitive,
  type RegistryDriver,
  type RpcDriver,
} from '@cli-ops/shared-ipc/driver'

import type { ClientGrant } from './client-grant.js'
import type { ClientWait } from './client-locks.js'
import type { ClientRecord } from './client-registry.js'
import type { ClientEndpoint } from './client-rpc.js'
import type { LeaseKeeper } from './lease-keeper.js'

/** How a place is reached. */
export interface PlaceOptions {
  readonly url: string
  readonly home: string | undefined
  readonly namespace: string
  readonly leaseMs: number
  readonly keeper: LeaseKeeper
}

/** One namespace of the store, and what the hub has in it for its clients. */
export class HubPlace {
  readonly namespace: string
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
  readonly #options: PlaceOptions
  readonly #handles = new Map<Primitive, DriverHandle<Primitive>>()
  #endsLocksWithIt = false
  #owned: { readonly pid: number; readonly locks: LockDriver } | undefined

  constructor(options: PlaceOptions) {
    this.#options = options
    this.namespace = options.namespace
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
    // An engine that keeps leases by itself gives them back when it is closed, not when this process ends.
    this.#endsLocksWithIt = capabilities.leases
    if (capabilities.leases) return locks
    if (locks.ownedBy === undefined) {
      const message = 'the store of the hub cannot keep a lock over a crash of the hub'
      throw new CliOpsError('UNSUPPORTED', message)
    }
    const pid = await this.#options.keeper.pid()
    if (this.#owned?.pid !== pid) this.#owned = { pid, locks: locks.ownedBy(pid) }
    return this.#owned.locks
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

  /** Closes the namespace, once nothing is promised any more that would end with it. */
  async close(): Promise<void> {
    if (this.#endsLocksWithIt) {
      const alive = new KeepAlive()
      alive.ref()
      await Promise.all([...this.grants.values()].map(({ ended }) => ended))
      alive.unref()
    }
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
