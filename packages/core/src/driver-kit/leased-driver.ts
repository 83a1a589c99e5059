import type { Driver, EngineFinding } from '../drivers/driver.js'
import type { Inbox } from './inbox.js'
import { type LeasedLockEngine, LeasedLocks } from './leased-locks.js'
import { LeasedRegistry, type RecordStore } from './leased-registry.js'
import { type EventLogEngine, LoggedEvents } from './logged-events.js'
import { type FrameRelay, RelayedRpc } from './relayed-rpc.js'
import { routeFrames } from './route-frames.js'
import { routeLocks } from './route-locks.js'

/** What an engine provides for all four primitives. */
export interface LeasedEngine {
  /** The driver's name, and the scheme of its endpoints: `redis`. */
  readonly name: string
  /** This driver's address in its endpoints, at which its inbox can be reached: no spaces and no slashes. */
  readonly address: string
  readonly leaseMs: number
  readonly inbox: Inbox
  /** Called once for each kind: `group` locks elect the active readers of groups. */
  locks(kind: 'lock' | 'group'): LeasedLockEngine
  events(groupLocks: LeasedLocks): EventLogEngine
  /** @param probe requests a sign of life from an endpoint */
  records(probe: RecordStore['probe']): RecordStore
  /** Sends a frame to the inbox of an address, in the parts that `splitFrame` makes. */
  readonly send: FrameRelay['send']
  open(signal: AbortSignal): Promise<void>
  findUnfit(): Promise<readonly EngineFinding[]>
  /** Ends the connections. Called once, last. */
  close(): void
}

/**
 * All four primitives on an engine that carries messages: locks and records are leases, events are a log with dense positions, and
 * requests are frames between inboxes.
 */
export class LeasedDriver implements Driver {
  readonly capabilities = {
    leases: true,
    sharedLocks: true,
    synchronous: false,
    replay: true,
    durableGroups: true,
    parking: true,
    remote: true,
  }
  readonly name: string
  readonly locks: LeasedLocks
  readonly events: LoggedEvents
  readonly registry: LeasedRegistry
  readonly rpc: RelayedRpc
  readonly #engine: LeasedEngine
  readonly #groupLocks: LeasedLocks

  constructor(engine: LeasedEngine) {
    const { name, address, leaseMs, inbox } = engine
    this.name = name
    this.#engine = engine
    this.locks = new LeasedLocks(engine.locks('lock'))
    this.#groupLocks = new LeasedLocks(engine.locks('group'))
    this.events = new LoggedEvents(engine.events(this.#groupLocks), this.#groupLocks)
    this.rpc = new RelayedRpc({
      scheme: name,
      address,
      leaseMs,
      ready: (signal) => inbox.ready(signal),
      send: (to, frame, signal) => engine.send(to, frame, signal),
    })
    this.registry = new LeasedRegistry(engine.records((endpoint) => this.rpc.probe(endpoint)))
    routeFrames(inbox, this.rpc)
    routeLocks(inbox, [this.locks, this.#groupLocks])
  }

  open(signal: AbortSignal): Promise<void> {
    return this.#engine.open(signal)
  }

  findUnfit(): Promise<readonly EngineFinding[]> {
    return this.#engine.findUnfit()
  }

  async close(): Promise<void> {
    this.events.close()
    this.rpc.close()
    await Promise.all([this.locks.close(), this.#groupLocks.close(), this.registry.close()])
    this.#engine.close()
  }
}
