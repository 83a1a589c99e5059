import { monotonicMs } from '@cli-ops/shared-ipc/driver'

import type { NatsConnection } from '../connection/nats-connection.js'
import { Stream } from './stream.js'

const DAY_MS = 24 * 3_600_000
/** Entries not renewed for that long have no owner. */
const MAX_AGE_DAYS = 30
/** Older messages that are in use are rewritten. */
export const REWRITE_MS = DAY_MS
const META = 'cli_ops.s.meta'
const CLOCK = 'cli_ops.s.clock'
/** How long a clock reading can be extrapolated. */
const CLOCK_MS = 2_000

/** How old the store is. */
export interface StoreAge {
  /** When its stream was created, in milliseconds of the server's clock: the upper part of its tokens. */
  readonly createdAt: number
  /** For how many milliseconds no lock is granted. */
  readonly delayMs: number
}

/**
 * Everything that ends unless it is renewed: locks, records, attempts. All namespaces share one stream, so that its
 * sequence, which tokens are made from, never restarts while it exists.
 */
export class LeaseStore {
  readonly stream: Stream
  /**
   * Queue positions. A separate stream, nearly empty most of the time: finding the first waiter of a queue scans it
   * from the beginning.
   */
  readonly places: Stream
  /** The beginning of the store, as last seen. */
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
   * Finds how old the store is. A store that was emptied, or recreated, cannot know the holders: it grants nothing for
   * one lease, within which every live owner restores what it holds.
   */
  async age(leaseMs: number, signal?: AbortSignal): Promise<StoreAge> {
    const meta = (await this.stream.last(META, signal)) ?? (await this.#begin(signal))
    // Since when, by the server's clock; the first writer could not know.
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

  /** Returns the server's clock, in milliseconds. */
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
    // A stored message bears its time; before 2.10, no other answer does.
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
