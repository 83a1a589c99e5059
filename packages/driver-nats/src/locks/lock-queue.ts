import { pause, parseJson } from '@cli-ops/shared-ipc/driver'

import type { NatsConnection } from '../connection/nats-connection.js'
import { told } from '../space.js'
import type { LeaseStore, StoreAge } from '../store/lease-store.js'
import type { StoredMessage } from '../store/stream.js'
import {
  type Claim,
  type Holder,
  type LockDocument,
  readDocument,
  tokenOf,
  writeDocument,
} from './lock-document.js'
import type { LockSubjects } from './lock-subjects.js'

/** Where locks are kept and how their owners are reached. */
export interface QueueContext {
  readonly connection: NatsConnection
  readonly store: LeaseStore
  readonly subjects: LockSubjects
  readonly driverId: string
}

/** A waiter in the queue. */
export interface Waiter extends Claim {
  readonly seq: number
  /** When it came, by the server's clock. */
  readonly at: number
}

/** How a lock stands. */
export interface LockView extends LockDocument, StoreAge {
  readonly resource: string
  /** The one that is first in the queue and answers, where anybody waits. */
  readonly first: Waiter | undefined
}

/** A driver that is there shows itself within this time. */
const SHOW_MS = 200

/**
 * The queue of a lock. A message holds who has the lock, and is replaced only by who knows it (compare and set); each waiter has a message of its own, whose
 * sequence is its place; renewals are messages of their own, so that they get in nobody's way. Whoever makes room lets the next one in.
 */
export class LockQueue {
  readonly #context: QueueContext
  /** Whether a waiter of this driver waits still. */
  readonly #isWaiting: (id: string) => boolean

  constructor(context: QueueContext, isWaiting: (id: string) => boolean) {
    this.#context = context
    this.#isWaiting = isWaiting
  }

  /** Reads how a lock stands; its first waiter is not asked whether it is there. */
  async read(resource: string, leaseMs: number, signal?: AbortSignal): Promise<LockView> {
    const { store, subjects } = this.#context
    const [age, holders, first] = await Promise.all([
      store.age(leaseMs, signal),
      store.stream.last(subjects.holders(resource), signal),
      store.places.next(subjects.waiters(resource), 1, signal),
    ])
    return {
      resource,
      ...age,
      ...readDocument(holders, age.createdAt),
      first: first === undefined ? undefined : toWaiter(first),
    }
  }

  /**
   * Removes whose lease is over, and lets waiters in, in their order, as long as there is room.
   *
   * @param freed is given whom the lock was taken from
   */
  async settle(
    resource: string,
    leaseMs: number,
    freed: (holder: Holder) => void = () => undefined,
  ): Promise<LockView> {
    for (;;) {
      const view = await this.read(resource, leaseMs)
      const over = await this.#findOver(view)
      if (over.length > 0) {
        const rest = view.holders.filter((holder) => !over.includes(holder))
        if (!(await this.write(view, rest))) continue
        for (const holder of over) {
          freed(holder)
          this.tell(holder.driver, `lost ${holder.id}`)
          await this.forgetRenewals(holder)
        }
        continue
      }
      const isClosed = view.holders.some(({ mode }) => mode === 'exclusive')
      if (view.first === undefined || isClosed || view.delayMs > 0) return view
      const waiter = await this.#firstThere(view, view.first)
      if (waiter === undefined || !hasRoom(view.holders, waiter.mode))
        return { ...view, first: waiter }
      await this.#letIn(view, waiter)
    }
  }

  /** Lets a claim in, and resolves to its token; `undefined` where the lock does not stand as in the view any more. */
  async grant(view: LockView, claim: Claim): Promise<bigint | undefined> {
    const seq = await this.#put(view, writeDocument(view.holders, claim))
    return seq === undefined ? undefined : tokenOf(view.createdAt, seq)
  }

  /** Writes who holds a lock; false where it does not stand as in the view any more. */
  async write(
    view: Pick<LockView, 'resource' | 'seq'>,
    holders: readonly Holder[],
  ): Promise<boolean> {
    const { stream } = this.#context.store
    if (holders.length === 0) return view.seq === 0 || (await stream.remove(view.seq))
    return (await this.#put(view, writeDocument(holders))) !== undefined
  }

  /** When a claim was renewed last, by the server's clock. */
  async renewedAt({ resource, id, at }: Claim & { readonly at: number }): Promise<number> {
    const { store, subjects } = this.#context
    const renewal = await store.stream.last(subjects.renewal(resource, id))
    return Math.max(at, renewal?.at ?? 0)
  }

  /** The first ones of a queue, whether they are there or not. */
  async firstWaiters(resource: string, max: number): Promise<Waiter[]> {
    const { store, subjects } = this.#context
    const found: Waiter[] = []
    for (let from = 1; found.length < max;) {
      const next = await store.places.next(subjects.waiters(resource), from)
      if (next === undefined) break
      found.push(toWaiter(next))
      from = next.seq + 1
    }
    return found
  }

  async forgetRenewals({ resource, id }: Pick<Claim, 'resource' | 'id'>): Promise<void> {
    const { store, subjects } = this.#context
    await store.stream.purge({ filter: subjects.renewal(resource, id) })
  }

  /** Whether a holder is there, as far as that is known without asking it. */
  async isOver(holder: Holder): Promise<boolean> {
    const { connection, store } = this.#context
    if ((await store.now()) - holder.at < holder.leaseMs) return false
    const age = async (): Promise<number> => (await store.now()) - (await this.renewedAt(holder))
    const silentMs = await age()
    if (silentMs < holder.leaseMs) return false
    // The server's clock may have been set forward: who is there is asked to show itself.
    const isHeard = await connection.say(told.driver(holder.driver), [`renew ${holder.id}`])
    if (!isHeard) return true
    if (silentMs < holder.leaseMs * 1.5) return false
    await pause(SHOW_MS)
    return (await age()) >= holder.leaseMs * 1.5
  }

  /** Says something to a driver that it hears if it is there. */
  tell(driver: string, message: string): void {
    this.#context.connection.hint(told.driver(driver), message)
  }

  #put(view: Pick<LockView, 'resource' | 'seq'>, text: string): Promise<number | undefined> {
    const { store, subjects } = this.#context
    return store.stream.put(subjects.holders(view.resource), text, view.seq)
  }

  async #findOver({ holders }: LockView): Promise<Holder[]> {
    const over = await Promise.all(holders.map((holder) => this.isOver(holder)))
    return holders.filter((_, index) => over[index])
  }

  /** The first waiter that is there. One whose connection is down keeps its place, and is passed by. */
  async #firstThere({ resource, holders }: LockView, first: Waiter): Promise<Waiter | undefined> {
    const { store, subjects } = this.#context
    let waiter: Waiter | undefined = first
    while (waiter !== undefined) {
      const { id, seq } = waiter
      const isIn = holders.some((holder) => holder.id === id)
      const answer = isIn ? 'no' : await this.#isThere(waiter)
      if (answer === 'yes') return waiter
      if (answer === 'no') await store.places.remove(seq)
      else if (await this.#isExpired(waiter)) {
        await store.places.remove(seq)
        await this.forgetRenewals(waiter)
      }
      const next = await store.places.next(subjects.waiters(resource), seq + 1)
      waiter = next === undefined ? undefined : toWaiter(next)
    }
    return undefined
  }

  async #isExpired(waiter: Waiter): Promise<boolean> {
    const { store } = this.#context
    return (await store.now()) - (await this.renewedAt(waiter)) >= waiter.leaseMs
  }

  async #isThere({ driver, id }: Waiter): Promise<'yes' | 'no' | 'unknown'> {
    const { connection, driverId } = this.#context
    if (driver === driverId) return this.#isWaiting(id) ? 'yes' : 'no'
    const asked = connection.request(told.driver(driver), (replyTo) => `there ${replyTo} ${id}`)
    asked.catch(() => undefined)
    const silence = new AbortController()
    const answer = await Promise.race([asked, pause(SHOW_MS, silence.signal)])
    silence.abort()
    if (answer === undefined || answer.isNobodyThere) return 'unknown'
    return answer.text === 'yes' ? 'yes' : 'no'
  }

  async #letIn(view: LockView, waiter: Waiter): Promise<void> {
    const { seq, at: _at, ...claim } = waiter
    const token = await this.grant(view, claim)
    if (token === undefined) return
    if (await this.#context.store.places.remove(seq)) {
      this.tell(waiter.driver, `granted ${waiter.id} ${token}`)
      return
    }
    // It has left meanwhile, and has not seen that it was let in; or somebody else has tidied up behind it.
    if ((await this.#isThere(waiter)) !== 'no') {
      this.tell(waiter.driver, `granted ${waiter.id} ${token}`)
      return
    }
    await this.drop(view.resource, waiter.id)
  }

  /** Takes a lock from the holder with that id; `undefined` where it has none. */
  async drop(resource: string, id: string): Promise<Holder | undefined> {
    const { store, subjects } = this.#context
    for (;;) {
      const [{ createdAt }, message] = await Promise.all([
        store.age(0),
        store.stream.last(subjects.holders(resource)),
      ])
      const document = readDocument(message, createdAt)
      const own = document.holders.find((holder) => holder.id === id)
      if (own === undefined) return undefined
      const rest = document.holders.filter((holder) => holder !== own)
      if (await this.write({ resource, seq: document.seq }, rest)) return own
    }
  }
}

export function toWaiter({ text, seq, at }: StoredMessage): Waiter {
  return { ...(parseJson(text) as Claim), seq, at }
}

/** Whether one that wants a lock in a mode may have it beside these. */
export function hasRoom(holders: readonly Claim[], mode: Claim['mode']): boolean {
  return (
    holders.length === 0 ||
    (mode === 'shared' && holders.every((holder) => holder.mode === 'shared'))
  )
}
