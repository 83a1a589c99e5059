import { monotonicMs } from '@cli-ops/shared-ipc/driver'

import type { NatsConnection } from '../connection/nats-connection.js'
import { Stream } from './stream.js'

const DAY_MS = 24 * 3_600_000
/** What nobody has renewed for so long belongs to nobody. */
const MAX_AGE_DAYS = 30
/** What is older than this, and in use, is written again. */
export const REWRITE_MS = DAY_MS
const META = 'cli_ops.s.meta'
const CLOCK = 'cli_ops.s.clock'
/** For so long a clock that was read is known to go on. */
const CLOCK_MS = 2_000

/** How old the store is. */
export interface StoreAge {
  /** When its stream was made, in milliseconds of the server's clock: the upper part of its tokens. */
  readonly createdAt: number
  /** For so many milliseconds nobody is let in. */
  readonly delayMs: number
}

/**
 * What ends unless it is renewed: locks, records, attempts. One stream for all namespaces, so that its sequence,
 * from which tokens are made, is never begun anew while it is there.
 */
export class LeaseStore {
  readonly stream: Stream
  /** Places in queues. A stream of their own, nearly empty at most times: the first one of a queue is looked for from its beginning on. */
  readonly places: Stream
  /** The beginning of the store, as it was seen last. */
  #known: { readonly meta: string; readonly createdAt: number } | undefined
  /** The shortest lease for which the store was not old enough yet. */
  #oldEnoughForMs = 0
  #readingClock: Promise<number> | undefined
  #clock: { readonly offsetMs: number; readonly readAt: number } | undefined

  constructor(connection: NatsConnection) {
    this.stream = new Stream(connection, {
      name: 'cli_ops_leases',
      subjects: ['cli_ops.s.>'],
      max_msgs_per_subject: 1,
      max_age: MAX_AGE_DAYS * DAY_MS * 1e6,
    })
    this.places = new Stream(connection, {
      name: 'cli_ops_queues',
      subjects: ['cli_ops.q.>'],
      max_msgs_per_subject: 1,
      max_age: MAX_AGE_DAYS * DAY_MS * 1e6,
    })
  }

  /**
   * Finds how old the store is. One that was emptied, or made anew, cannot know who held what: nobody is let in for one lease, within which
   * every owner that lives puts back what it holds.
   */
  async age(leaseMs: number, signal?: AbortSignal): Promise<StoreAge> {
    const meta = (await this.stream.last(META, signal)) ?? (await this.#begin(signal))
    // Since when, by the server's clock; the first one could not know.
    const since = meta.text === '' ? meta.at : Number(meta.text)
    const known = `${meta.text === '' ? meta.seq : ''} ${since}`
    if (this.#known?.meta !== known) {
      const { created } = await this.stream.info()
      this.#known = { meta: known, createdAt: Date.parse(created) }
      this.#oldEnoughForMs = 0
    }
    const { createdAt } = this.#known
    if (leaseMs <= this.#oldEnoughForMs) return { createdAt, delayMs: 0 }
    const nowMs = await this.now()
    const delayMs = Math.max(0, leaseMs - (nowMs - since))
    if (delayMs === 0) this.#oldEnoughForMs = leaseMs
    if (nowMs - meta.at > REWRITE_MS) await this.stream.put(META, String(since), meta.seq)
    return { createdAt, delayMs }
  }

  /** The server's clock, in milliseconds. */
  async now(): Promise<number> {
    const clock = this.#clock
    const present = monotonicMs()
    if (clock !== undefined && present - clock.readAt < CLOCK_MS) return present + clock.offsetMs
    this.#readingClock ??= this.#readClock().finally(() => {
      this.#readingClock = undefined
    })
    return this.#readingClock
  }

  async #readClock(): Promise<number> {
    // What it stores bears its time; nothing else that it says does, before 2.10.
    await this.stream.put(CLOCK, '')
    const stored = await this.stream.last(CLOCK)
    if (stored === undefined) return this.#readClock()
    const readAt = monotonicMs()
    this.#clock = { offsetMs: stored.at - readAt, readAt }
    return stored.at
  }

  async #begin(signal?: AbortSignal) {
    await this.stream.put(META, '', 0, signal)
    const meta = await this.stream.last(META, signal)
    return meta ?? { seq: 0, at: await this.now(), text: '' }
  }
}
