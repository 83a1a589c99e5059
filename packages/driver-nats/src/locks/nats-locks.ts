import {
  CliOpsError,
  deadlockError,
  describeEngine,
  encodeLockInfo,
  type Inbox,
  isCliOpsError,
  type LeasedLockEngine,
  type LockInfo,
  type LockRequest,
  parseJson,
  type Standing,
  untilAborted,
} from '@cli-ops/shared-ipc/driver'

import { REWRITE_MS } from '../store/lease-store.js'
import { type Claim, type Holder, readDocument, toLockInfo } from './lock-document.js'
import { hasRoom, LockQueue, type LockView, type QueueContext, toWaiter } from './lock-queue.js'
import { findWaitCycle } from './wait-graph.js'

/** Where locks are stored, and how to reach this driver. */
export interface LockContext extends QueueContext {
  readonly inbox: Inbox
  readonly url: URL
  readonly leaseMs: number
  readonly timeoutMs: number
}

/** The most waiters that a waiter is shown: a turn must not cost more as the queue grows. */
const SHOWN_WAITERS = 8

/** Locks as messages of a stream, with leases and a queue. */
export class NatsLocks implements LeasedLockEngine {
  readonly #context: LockContext
  readonly #queue: LockQueue
  /** This driver's queue positions: the subject of each, by the id of its request. */
  readonly #places = new Map<string, string>()
  /** Requests without an answer yet. */
  readonly #asking = new Map<string, Promise<Standing>>()
  /** The holders last shown to each waiter, by the id of its request. */
  readonly #shown = new Map<string, string>()
  /** Ids of requests that have written renewals. */
  readonly #renewed = new Set<string>()

  constructor(context: LockContext) {
    this.#context = context
    this.#queue = new LockQueue(context, (id) => this.#places.has(id))
  }

  get leaseMs(): number {
    return this.#context.leaseMs
  }

  get timeoutMs(): number {
    return this.#context.timeoutMs
  }

  /** Returns whether a request of this driver is in a queue. */
  isWaiting(id: string): boolean {
    return this.#places.has(id)
  }

  async ask(request: LockRequest, how: 'try' | 'wait', signal?: AbortSignal): Promise<Standing> {
    const { id } = request
    const asking = this.#ask(request, how).finally(() => this.#asking.delete(id))
    this.#asking.set(id, asking)
    return signal === undefined ? asking : untilAborted(asking, signal)
  }

  async poll(request: LockRequest): Promise<Standing> {
    await this.#renew(request)
    return this.#standing(request)
  }

  async extend(request: LockRequest, token: bigint): Promise<boolean> {
    await this.#renew(request)
    const { store, subjects } = this.#context
    for (;;) {
      // Read after the renewal was stored: a process that took the lock before has recorded it by now.
      const [age, message] = await Promise.all([
        store.age(this.leaseMs),
        store.stream.last(subjects.holders(request.resource)),
      ])
      const document = readDocument(message, age.createdAt)
      const own = document.holders.find((holder) => holder.id === request.id)
      if (own !== undefined && own.token !== token) return false
      const view = { resource: request.resource, seq: document.seq }
      if (own === undefined) {
        // Only grants that the store has lost are restored, before it admits any waiter.
        if (age.delayMs === 0 || !hasRoom(document.holders, request.mode)) return false
        const lost = { ...this.#claim(request), token, at: await store.now() }
        if (await this.#queue.write(view, [...document.holders, lost])) return true
        continue
      }
      if (message !== undefined && (await store.now()) - message.at > REWRITE_MS)
        await this.#queue.write(view, document.holders)
      return true
    }
  }

  async release(request: LockRequest): Promise<void> {
    // A pending request might still be granted, to a caller that has left.
    await this.#asking.get(request.id)?.catch(() => undefined)
    await this.#giveBack(request)
  }

  async ready(signal?: AbortSignal): Promise<void> {
    await this.#context.inbox.ready(signal)
  }

  inspect(resource: string): Promise<LockInfo | null> {
    return this.#describe(resource)
  }

  async closedForMs(): Promise<number> {
    return (await this.#context.store.age(this.leaseMs)).delayMs
  }

  async list(): Promise<LockInfo[]> {
    const infos = await Promise.all(
      (await this.#resources()).map((resource) => this.#describe(resource)),
    )
    return infos.filter((info) => info !== null)
  }

  async forceRelease(resource: string, id: string): Promise<boolean> {
    const dropped = await this.#queue.drop(resource, id)
    if (dropped === undefined) return false
    this.#queue.tell(dropped.driver, `lost ${id}`)
    await this.#serve(resource)
    return true
  }

  async clean(): Promise<LockInfo[]> {
    const freed: LockInfo[] = []
    for (const resource of await this.#resources()) {
      const holders: Holder[] = []
      await this.#queue.settle(resource, this.leaseMs, (holder) => holders.push(holder))
      const info = toLockInfo(resource, holders, [], { state: 'dead' })
      if (info !== null) freed.push(info)
    }
    return freed
  }

  async #ask(request: LockRequest, how: 'try' | 'wait'): Promise<Standing> {
    let view = await this.#queue.read(request.resource, this.leaseMs)
    for (let isSettled = false; ;) {
      const token = ownToken(view, request)
      if (token !== undefined) return { state: 'granted', token }
      if (view.delayMs === 0 && mayPass(view, request)) {
        const granted = await this.#queue.grant(view, this.#claim(request))
        if (granted !== undefined) return { state: 'granted', token: granted }
        view = await this.#queue.read(request.resource, this.leaseMs)
        isSettled = false
      } else if (isSettled) break
      else {
        view = await this.#queue.settle(request.resource, this.leaseMs)
        isSettled = true
      }
    }
    if (how === 'try') {
      if (view.delayMs > 0 && view.holders.length === 0) throw this.#newStore(view.delayMs)
      return { state: 'busy' }
    }
    return this.#enter(request)
  }

  /** Joins the queue. */
  async #enter(request: LockRequest): Promise<Standing> {
    // A process that makes room asks whether the next waiter is there.
    await this.ready()
    const { store, subjects } = this.#context
    const claim = this.#claim(request)
    const place = subjects.waiter(claim)
    this.#places.set(request.id, place)
    const seq = await store.places.put(place, JSON.stringify(claim), 0)
    if (seq !== undefined && request.held.length > 0) {
      const cycle = await findWaitCycle(this.#context, request, seq)
      if (cycle !== undefined) {
        const info = await this.#describe(request.resource)
        await this.#giveBack(request)
        throw deadlockError(request.resource, cycle, info)
      }
    }
    return this.#standing(request).catch((error: unknown) => {
      if (!isCliOpsError(error, 'ENGINE_UNAVAILABLE')) throw error
      // The queue position is stored; its state shows once the server is back.
      return { state: 'waiting', ahead: 1, holderEndsInMs: this.leaseMs, info: null }
    })
  }

  async #standing(request: LockRequest): Promise<Standing> {
    const { store } = this.#context
    const view = await this.#queue.settle(request.resource, this.leaseMs)
    const token = ownToken(view, request)
    if (token !== undefined) {
      this.#places.delete(request.id)
      return { state: 'granted', token }
    }
    const place = this.#places.get(request.id)
    if (place === undefined || (await store.places.last(place)) === undefined) {
      // It was admitted between the two reads, or has lost its queue position.
      const again = await this.#queue.read(request.resource, this.leaseMs)
      const late = ownToken(again, request)
      this.#places.delete(request.id)
      return late === undefined ? { state: 'gone' } : { state: 'granted', token: late }
    }
    return {
      state: 'waiting',
      ahead: view.first?.id === request.id ? 0 : 1,
      holderEndsInMs: await this.#endsInMs(view),
      info: await this.#news(view, request),
      closedForMs: (view.holders.length === 0 && view.delayMs) || undefined,
    }
  }

  /** Returns the holders, or `null` if the waiter already knows them, so that a poll costs the same however long the queue is. */
  async #news({ holders }: LockView, { id, resource }: LockRequest): Promise<LockInfo | null> {
    const shown = holders.map((holder) => holder.id).join(' ')
    if (this.#shown.get(id) === shown) return null
    this.#shown.set(id, shown)
    const waiters = await this.#queue.firstWaiters(resource, SHOWN_WAITERS)
    return toLockInfo(resource, holders, await this.#queue.withoutGone(waiters))
  }

  async #endsInMs(view: LockView): Promise<number> {
    if (view.holders.length === 0) return view.delayMs
    const now = await this.#context.store.now()
    const ends = await Promise.all(
      view.holders.map(async (holder) => {
        const silentMs = now - (await this.#queue.renewedAt(holder))
        // A connected owner that was asked to respond has half a lease more.
        return (silentMs < holder.leaseMs ? holder.leaseMs : holder.leaseMs * 1.5) - silentMs
      }),
    )
    return Math.max(0, Math.min(...ends))
  }

  /** Returns the holders and waiters of a lock, except expired ones. */
  async #describe(resource: string): Promise<LockInfo | null> {
    const { store, subjects } = this.#context
    const [{ createdAt, delayMs }, message, places] = await Promise.all([
      store.age(this.leaseMs),
      store.stream.last(subjects.holders(resource)),
      store.places.subjects(subjects.waiters(resource)),
    ])
    const { holders } = readDocument(message, createdAt)
    const over = await Promise.all(holders.map((holder) => this.#queue.isOver(holder)))
    const stored = await Promise.all(places.map((place) => store.places.last(place)))
    const waiters = stored
      .flatMap((place) => (place === undefined ? [] : [toWaiter(place)]))
      .sort((one, other) => one.seq - other.seq)
    const now = await store.now()
    const renewals = await Promise.all(waiters.map((waiter) => this.#queue.renewedAt(waiter)))
    const waiting = waiters.filter(
      ({ id, leaseMs }, index) =>
        now - (renewals[index] ?? 0) < leaseMs && !holders.some((holder) => holder.id === id),
    )
    return toLockInfo(
      resource,
      holders.filter((_, index) => over[index] !== true),
      await this.#queue.withoutGone(waiting),
      { closedForMs: delayMs },
    )
  }

  /** Returns the resources with any holder or waiter. */
  async #resources(): Promise<string[]> {
    const { store, subjects } = this.#context
    const [held, waited] = await Promise.all([
      store.stream.lastOfEach(subjects.allHolders),
      store.places.lastOfEach(subjects.allWaiters),
    ])
    const claims = [
      ...held.flatMap(({ text }) => parseJson(text) as readonly Claim[]),
      ...waited.map(({ text }) => parseJson(text) as Claim),
    ]
    return [...new Set(claims.map(({ resource }) => resource))]
  }

  async #giveBack(request: LockRequest): Promise<void> {
    const { resource, id } = request
    const { store } = this.#context
    const place = this.#places.get(id)
    this.#places.delete(id)
    this.#shown.delete(id)
    // The queue position first: a waiter that has left must not admit another one.
    if (place !== undefined) await store.places.purge({ filter: place })
    const dropped = await this.#queue.drop(resource, id)
    if (this.#renewed.delete(id)) await this.#queue.forgetRenewals(request)
    if (dropped !== undefined || place !== undefined) await this.#serve(resource)
  }

  /** Admits the next waiter. If this fails, the waiter does it itself, a third of a lease later. */
  async #serve(resource: string): Promise<void> {
    await this.#queue.settle(resource, this.leaseMs)
  }

  async #renew({ resource, id }: LockRequest): Promise<void> {
    const { store, subjects } = this.#context
    this.#renewed.add(id)
    await store.stream.put(subjects.renewal(resource, id), '')
  }

  #newStore(delayMs: number): CliOpsError {
    return new CliOpsError(
      'ENGINE_UNAVAILABLE',
      `${describeEngine(this.#context.url)} has no record of locks yet: it is new or was emptied; it grants locks in ${Math.ceil(delayMs / 1000)} s`,
      { details: { retryAfterMs: delayMs } },
    )
  }

  #claim(request: LockRequest): Claim {
    const { id, resource, mode, held, owner } = request
    const { driverId } = this.#context
    return {
      id,
      resource,
      mode,
      leaseMs: this.leaseMs,
      driver: driverId,
      info: encodeLockInfo(driverId, request),
      held,
      ...(owner !== undefined && { relayed: true }),
    }
  }
}

function ownToken({ holders }: LockView, { id }: LockRequest): bigint | undefined {
  return holders.find((holder) => holder.id === id)?.token
}

/** Returns whether a request may be granted immediately. A request to share what its flow already shares passes the waiters. */
function mayPass({ holders, first }: LockView, { id, mode, held }: LockRequest): boolean {
  if (!hasRoom(holders, mode)) return false
  return (
    first === undefined || first.id === id || holders.some((holder) => held.includes(holder.id))
  )
}
