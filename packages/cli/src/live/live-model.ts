import type { Coordinator, EventEnvelope } from '@cli-ops/shared-ipc'
import { diskUse, type OpsHandle, parkedGroups, pause } from '@cli-ops/shared-ipc/ops'

import { CommandHistory } from './command-history.js'
import { EventHistory } from './event-history.js'
import { instanceFacts, instanceView, unregisteredViews } from './instance-view.js'
import type {
  DiskView,
  InstanceFacts,
  ParkedView,
  PlaceView,
  PartName,
  Snapshot,
} from './live-types.js'
import { LockHistory } from './lock-history.js'
import { placeView } from './place-view.js'
import { type RepeatedLook, repeatLook } from './repeated-look.js'
import { RequestHistory } from './request-history.js'
import { RequestWatch } from './request-watch.js'
import { tailEvents } from './tail-events.js'
import { warningsOf } from './warnings.js'

/** Locks announce nothing, so this is how soon a change is seen. */
const LOCKS_EVERY_MS = 125
/** Instances announce when they come and go, but not when they hang. */
const INSTANCES_EVERY_MS = 2000
const REQUESTS_EVERY_MS = 1000
const DISK_EVERY_MS = 10_000
/** A person has to decide about them, which takes minutes. */
const PARKED_EVERY_MS = 5000
/**
 * While no one watches, checks only serve the history. Nothing is checked if that is not kept, or if changes are announced.
 */
const UNWATCHED_EVERY_MS = 60_000
const UNKEPT_EVERY_MS = 3_600_000

/** Options of a {@link LiveModel}. */
export interface LiveModelOptions {
  /**
   * True to continue after the first check. Only then are the directories of events and instances created, to watch
   * them.
   */
  readonly follow: boolean
  /** False if no one sees it before {@link LiveModel.watch} is called: until then it checks rarely. @default true */
  readonly isWatched?: boolean
}

/**
 * A live model of one place: holders and queues over time, instances, events, commands, requests. It keeps checking until
 * it is closed. Unreadable parts are listed among the problems and retried.
 */
export class LiveModel {
  readonly place: PlaceView
  readonly #coordinator: Coordinator
  readonly #explain: (error: unknown) => string
  readonly #home: string | undefined
  readonly #ending = new AbortController()
  readonly #listeners = new Set<() => void>()
  readonly #problems = new Map<PartName, string>()
  /** An engine can take a while to answer. */
  readonly #pending = new Set<PartName>(['locks', 'instances'])
  readonly #revisions = { next: () => (this.#revision += 1) }
  readonly #locks = new LockHistory(this.#revisions)
  readonly #events = new EventHistory(this.#revisions)
  readonly #commands = new CommandHistory(this.#revisions)
  readonly #requests = new RequestHistory(this.#revisions)
  readonly #requestWatch: RequestWatch
  readonly #lockLook: RepeatedLook
  readonly #looks: RepeatedLook[] = []
  readonly #endings: Promise<void>[] = []
  readonly #firstLooks: Promise<unknown>
  #recalled: Promise<void> | undefined
  #instances: readonly InstanceFacts[] = []
  #disk: DiskView | undefined
  #parked: readonly ParkedView[] = []
  #revision = 0
  #watchers: number

  constructor(context: OpsHandle, { follow, isWatched = true }: LiveModelOptions) {
    this.#watchers = isWatched ? 1 : 0
    const { coordinator, connection, options } = context
    this.place = placeView(connection)
    this.#coordinator = coordinator
    this.#explain = (error) => context.explain(error)
    const isLocal =
      connection.urlOf('locks') === 'local:' || connection.urlOf('events') === 'local:'
    this.#home = isLocal ? connection.home : undefined
    this.#requestWatch = new RequestWatch(options, this.#requests)
    if (follow) this.#recalled = this.#recallLocks(context)
    const locks = this.#repeat('locks', LOCKS_EVERY_MS, () => this.#lookAtLocks())
    const instances = this.#repeat('instances', INSTANCES_EVERY_MS, () => this.#lookAtInstances())
    this.#lockLook = locks.look
    const disk = this.#repeat(undefined, DISK_EVERY_MS, () => this.#lookAtDisk())
    const parked = this.#repeat(undefined, PARKED_EVERY_MS, () => this.#lookAtParked())
    const requests = instances.first.then(() => {
      if (this.#ending.signal.aborted) return undefined
      return this.#repeat('requests', REQUESTS_EVERY_MS, () => this.#lookAtRequests()).first
    })
    const firstLooks: Promise<unknown>[] = [locks.first, instances.first, disk.first, parked.first]
    if (follow) this.#endings.push(this.#watchInstances(instances.look), this.#tailEvents())
    else firstLooks.push(requests, this.#readEvents(context))
    this.#firstLooks = Promise.all(firstLooks)
  }

  /** Resolves once everything has been read, or is known to be unreadable; events and requests can follow later. */
  async ready(): Promise<void> {
    await this.#firstLooks
  }

  /** Checks as often as a viewer needs, until the returned function is called. */
  watch(): () => void {
    this.#watchers += 1
    if (this.#watchers === 1) for (const look of this.#looks) look.hurry()
    let isOver = false
    return () => {
      if (!isOver) this.#watchers -= 1
      isOver = true
    }
  }

  /** Resolves once the model is up to date, which it always is while it is watched. */
  async fresh(): Promise<void> {
    if (this.#watchers === 0) await Promise.all(this.#looks.map((look) => look.fresh()))
  }

  get revision(): number {
    return this.#revision
  }

  /** Calls a listener after changes, immediately and possibly often; returns a function that stops it. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Returns the current state, and the kept items newer than a revision; all of them without one. */
  snapshot(since = 0): Snapshot {
    const at = Date.now()
    const problems = [...this.#problems].map(([part, text]) => ({ part, text }))
    const facts = {
      locks: this.#locks.locks,
      instances: [
        ...this.#instances.map((facts) => instanceView(facts, this.#locks.locks)),
        ...unregisteredViews(this.#locks.locks, this.#instances),
      ],
      servers: this.#requests.servers,
      disk: this.#disk,
      parked: this.#parked,
    }
    return {
      at,
      revision: this.#revision,
      since,
      place: this.place,
      ...facts,
      rates: this.#events.rates(at),
      warnings: warningsOf({ ...facts, problems }),
      problems,
      pending: [...this.#pending],
      holds: this.#locks.holds.since(since),
      queues: this.#locks.queues.since(since),
      events: this.#events.events.since(since),
      commands: this.#commands.commands.since(since),
      requests: this.#requests.requests.since(since),
    }
  }

  /** Takes a lock from the grant with this id only. Returns false if it no longer holds the lock. */
  async release(resource: string, id: string): Promise<boolean> {
    const released = await this.#coordinator.locks.forceRelease(resource, id)
    this.#lockLook.hurry()
    return released
  }

  /** Stops checking. The coordinator stays open: it belongs to its creator. */
  async close(): Promise<void> {
    this.#ending.abort()
    this.#listeners.clear()
    await Promise.all(this.#endings)
    await this.#requestWatch.close()
  }

  /** Starts from the lock history, so that a page that was just opened also shows the last minutes. */
  async #recallLocks(context: OpsHandle): Promise<void> {
    try {
      this.#locks.recall(await context.lockTurns(), Date.now())
    } catch {
      // The repeated checks report what cannot be read.
    }
  }

  async #lookAtLocks(): Promise<boolean> {
    await this.#recalled
    const infos = await this.#coordinator.locks.list()
    return this.#locks.observe(infos, Date.now())
  }

  async #lookAtInstances(): Promise<boolean> {
    const services = await this.#coordinator.registry.discover()
    const before = JSON.stringify(this.#instances)
    this.#instances = services.map(instanceFacts)
    this.#commands.loseAllBut(new Set(services.map(({ instance }) => instance)), Date.now())
    return JSON.stringify(this.#instances) !== before
  }

  #lookAtRequests(): Promise<boolean> {
    return this.#requestWatch.look(this.#instances)
  }

  async #lookAtDisk(): Promise<boolean> {
    if (this.#home === undefined) return false
    this.#disk = await diskUse(this.#home)
    return true
  }

  async #lookAtParked(): Promise<boolean> {
    const before = JSON.stringify(this.#parked)
    this.#parked = await parkedGroups({ coordinator: this.#coordinator })
    return JSON.stringify(this.#parked) !== before
  }

  async #watchInstances(look: RepeatedLook): Promise<void> {
    const { signal } = this.#ending
    while (!signal.aborted) {
      try {
        for await (const _change of this.#coordinator.registry.watch({}, { signal })) look.hurry()
      } catch {
        // The repeated check reports what is wrong.
        await pause(INSTANCES_EVERY_MS, signal)
      }
    }
  }

  async #tailEvents(): Promise<void> {
    await tailEvents(this.#coordinator.events, this.#ending.signal, {
      onEvent: (event) => {
        this.#take(event)
        this.#changed()
      },
      onProblem: (error) => {
        this.#setProblem('events', error)
      },
      onWell: () => {
        this.#setProblem('events', undefined)
      },
    })
  }

  async #readEvents(context: OpsHandle): Promise<void> {
    try {
      for (const event of await context.keptEvents()) this.#take(event)
    } catch (error) {
      this.#setProblem('events', error)
    }
  }

  #take(event: EventEnvelope): void {
    const now = Date.now()
    this.#events.add(event, now)
    this.#commands.add(event, now)
  }

  #repeat(
    part: PartName | undefined,
    everyMs: number,
    look: () => Promise<boolean>,
  ): { readonly look: RepeatedLook; readonly first: Promise<void> } {
    let looked = (): void => undefined
    const first = new Promise<void>((resolve) => (looked = resolve))
    const repeated = repeatLook({
      look: async () => {
        const isChanged = await look()
        const isFirst = part !== undefined && this.#pending.delete(part)
        const isWellAgain = part !== undefined && this.#problems.delete(part)
        looked()
        if (isChanged || isFirst || isWellAgain) this.#changed()
      },
      onError: (error) => {
        looked()
        if (part !== undefined) this.#fail(part, error)
      },
      everyMs: () => {
        if (this.#watchers > 0) return everyMs
        return part === 'locks' || part === 'requests' ? UNWATCHED_EVERY_MS : UNKEPT_EVERY_MS
      },
      signal: this.#ending.signal,
    })
    this.#looks.push(repeated)
    return { look: repeated, first }
  }

  /** Earlier results say nothing about the current state. */
  #fail(part: PartName, error: unknown): void {
    this.#pending.delete(part)
    if (part === 'locks') this.#locks.locks = []
    if (part === 'instances') this.#instances = []
    this.#setProblem(part, error)
  }

  #setProblem(part: PartName, error: unknown): void {
    const text = error === undefined ? undefined : this.#explain(error)
    if (this.#problems.get(part) === text) return
    if (text === undefined) this.#problems.delete(part)
    else this.#problems.set(part, text)
    this.#changed()
  }

  #changed(): void {
    this.#revisions.next()
    for (const listener of this.#listeners) listener()
  }
}
