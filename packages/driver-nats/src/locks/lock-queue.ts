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

/** Where locks are stored and how to reach their owners. */
export interface QueueContext {
  readonly connection: NatsConnection
  readonly store: LeaseStore
  readonly subjects: LockSubjects
  readonly driverId: string
}

/** A waiter in the queue. */
export interface Waiter extends Claim {
  readonly seq: number
  /** When it arrived, by the server's clock. */
  readonly at: number
}

/** The state of a lock. */
export interface LockView extends LockDocument, StoreAge {
  readonly resource: string
  /** The first waiter in the queue that answers, if any. */
  readonly first: Waiter | undefined
}

/** A connected driver responds within this time. */
const SHOW_MS = 200
/** The most waiters that are asked whether they are there, to count them. */
const ASKED_WAITERS = 8

/**
 * The queue of a lock. A message stores the holders, and is replaced by compare-and-set only. Each waiter has its own
 * message, whose sequence is its queue position. Renewals are separate messages, so that they conflict with nothing. A
 * process that makes room admits the next waiter.
 */
export class LockQueue {
  readonly #context: QueueContext
  /** Whether a waiter of this driver is still waiting. */
  readonly #isWaiting: (id: string) => boolean

  constructor(context: QueueContext, isWaiting: (id: string) => boolean) {
    this.#context = context
    this.#isWaiting = isWaiting
  }

  /** Reads the state of a lock, without checking whether its first waiter is there. */
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
   * Removes expired holders, and admits waiters in order while there is room.
   *
   * @param freed receives the holders that lost the lock
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

  /** Grants the lock to a claim and resolves to its token; `undefined` if the lock has changed since the view. */
  async grant(view: LockView, claim: Claim): Promise<bigint | undefined> {
    const seq = await this.#put(view, writeDocument(view.holders, claim))
    return seq === undefined ? undefined : tokenOf(view.createdAt, seq)
  }

  /** Stores the holders of a lock; false if it has changed since the view. */
  async write(
    view: Pick<LockView, 'resource' | 'seq'>,
    holders: readonly Holder[],
  ): Promise<boolean> {
    const { stream } = this.#context.store
    if (holders.length === 0) return view.seq === 0 || (await stream.remove(view.seq))
    return (await this.#put(view, writeDocument(holders))) !== undefined
  }

  /** Returns when a claim was last renewed, by the server's clock. */
  async renewedAt({ resource, id, at }: Claim & { readonly at: number }): Promise<number> {
    const { store, subjects } = this.#context
    const renewal = await store.stream.last(subjects.renewal(resource, id))
    return Math.max(at, renewal?.at ?? 0)
  }

  /** Returns the first waiters of a queue, connected or not. */
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

  /** Returns waiters without those whose process is gone. Asking wakes a process, so only the first few are asked. */
  async withoutGone(waiters: readonly Waiter[]): Promise<Waiter[]> {
    const asked = new Map(waiters.slice(0, ASKED_WAITERS).map(({ driver, id }) => [driver, id]))
    const gone = new Set<string>()
    await Promise.all(
      [...asked].map(async ([driver, id]) => {
        if ((await this.#answerOf({ driver, id }))?.isNobodyThere === true) gone.add(driver)
      }),
    )
    return waiters.filter(({ driver, relayed }) => relayed === true || !gone.has(driver))
  }

  async forgetRenewals({ resource, id }: Pick<Claim, 'resource' | 'id'>): Promise<void> {
    const { store, subjects } = this.#context
    await store.stream.purge({ filter: subjects.renewal(resource, id) })
  }

  /** Returns whether a holder's lease is over. */
  async isOver(holder: Holder): Promise<boolean> {
    const { connection, store } = this.#context
    if ((await store.now()) - holder.at < holder.leaseMs) return false
    const age = async (): Promise<number> => (await store.now()) - (await this.renewedAt(holder))
    const silentMs = await age()
    if (silentMs < holder.leaseMs) return false
    // The server's clock may have been set forward: ask a connected driver to respond.
    const isHeard = await connection.say(told.driver(holder.driver), [`renew ${holder.id}`])
    if (!isHeard) return true
    if (silentMs < holder.leaseMs * 1.5) return false
    await pause(SHOW_MS)
    return (await age()) >= holder.leaseMs * 1.5
  }

  /** Sends a message that a driver gets only if it is connected. */
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

  /** Returns the first waiter that is there. A waiter whose connection is down keeps its queue position, and is skipped. */
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
      } else if (waiter.relayed === true) return waiter
      const next = await store.places.next(subjects.waiters(resource), seq + 1)
      waiter = next === undefined ? undefined : toWaiter(next)
    }
    return undefined
  }

  async #isExpired(waiter: Waiter): Promise<boolean> {
    const { store } = this.#context
    return (await store.now()) - (await this.renewedAt(waiter)) >= waiter.leaseMs
  }

  async #isThere(waiter: Waiter): Promise<'yes' | 'no' | 'unknown'> {
    const { driver, id } = waiter
    if (driver === this.#context.driverId) return this.#isWaiting(id) ? 'yes' : 'no'
    const answer = await this.#answerOf(waiter)
    if (answer === undefined || answer.isNobodyThere) return 'unknown'
    return answer.text === 'yes' ? 'yes' : 'no'
  }

  /** Asks a driver whether a request of its own is waiting; `undefined` if it does not answer in time. */
  async #answerOf({ driver, id }: Pick<Waiter, 'driver' | 'id'>) {
    const asked = this.#context.connection.request(
      told.driver(driver),
      (replyTo) => `there ${replyTo} ${id}`,
    )
    asked.catch(() => undefined)
    const silence = new AbortController()
    const answer = await Promise.race([asked, pause(SHOW_MS, silence.signal)])
    silence.abort()
    return answer
  }

  async #letIn(view: LockView, waiter: Waiter): Promise<void> {
    const { seq, at: _at, ...claim } = waiter
    const token = await this.grant(view, claim)
    if (token === undefined) return
    if (await this.#context.store.places.remove(seq)) {
      this.tell(waiter.driver, `granted ${waiter.id} ${token}`)
      return
    }
    // Either the waiter left meanwhile without noticing the grant, or another process has cleaned up its place.
    if ((await this.#isThere(waiter)) !== 'no') {
      this.tell(waiter.driver, `granted ${waiter.id} ${token}`)
      return
    }
    await this.drop(view.resource, waiter.id)
  }

  /** Takes a lock from the holder with that id; `undefined` if there is none. */
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

/** Returns whether a lock can be granted in a mode beside these holders. */
export function hasRoom(holders: readonly Claim[], mode: Claim['mode']): boolean {
  return (
    holders.length === 0 ||
    (mode === 'shared' && holders.every((holder) => holder.mode === 'shared'))
  )
}
