import assert from 'node:assert/strict'

import type {
  AppendOptions,
  EventDriver,
  EventReader,
  ReaderOptions,
} from '../../../drivers/driver.js'
import { createEventRecord } from '../../../events/contract/event-record.js'
import type { Cursor, EventEnvelope, EventGap } from '../../../events/contract/event-types.js'
import type { CaseContext } from '../harness/case-context.js'

/** Retains everything that a case stores. */
export const KEEP: AppendOptions = {
  retention: { retentionMs: 3_600_000, maxBytes: 64 * 1024 * 1024 },
  durable: false,
}

/** Stores one event per datum. */
export async function emit(
  events: EventDriver,
  data: readonly unknown[],
  options: AppendOptions = KEEP,
): Promise<Cursor[]> {
  return events.append(data.map(recordOf), options)
}

/** Creates the event for a datum, as the bus would. */
export function recordOf(data: unknown): ReturnType<typeof createEventRecord> {
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
  return createEventRecord({ type: 'case:event', data, source: '/cli-ops/case/1', traceparent })
}

/** A case's reader and the events that it has read. */
export class Reading {
  readonly reader: EventReader
  readonly events: EventEnvelope[] = []
  readonly gaps: EventGap[] = []
  readonly #context: CaseContext

  constructor(context: CaseContext, reader: EventReader) {
    this.#context = context
    this.reader = reader
    context.defer(() => {
      reader.close()
    })
  }

  /** The data of the events read so far. */
  get data(): unknown[] {
    return this.events.map(({ data }) => data)
  }

  /** The newest cursor read. */
  get cursor(): Cursor {
    const last = this.events.at(-1)
    assert.ok(last !== undefined, 'an event must have been read')
    return last.cursor
  }

  /** Reads until there are `count` events in total; fails if there are more. */
  async read(count: number): Promise<this> {
    await this.#readUntil(() => this.events.length >= count, `${count} events are read`)
    assert.equal(this.events.length, count)
    return this
  }

  /** Reads until this datum has arrived. */
  async readUpTo(datum: unknown): Promise<void> {
    await this.#readUntil(() => this.data.includes(datum), `${JSON.stringify(datum)} is read`)
  }

  /** Takes the events available now. */
  take(): void {
    for (let batch = this.reader.poll(); batch !== undefined; batch = this.reader.poll()) {
      if (batch.gap !== undefined) this.gaps.push(batch.gap)
      this.events.push(...batch.events)
    }
  }

  /** Reads until the wait is aborted, and rejects with the signal's reason. */
  async readOn(signal: AbortSignal): Promise<never> {
    // A wait can end without an event, so it is repeated.
    for (;;) {
      this.take()
      await this.reader.wait(signal)
    }
  }

  // A reader polls when it waits: one that only takes does not need to find anything.
  async #readUntil(isDone: () => boolean, what: string): Promise<void> {
    const controller = new AbortController()
    const reading = this.#waitUntil(isDone, controller.signal)
    try {
      await this.#context.settled(reading, what)
    } finally {
      controller.abort(new Error('the case does not read on'))
      await reading.catch(() => undefined)
    }
  }

  async #waitUntil(isDone: () => boolean, signal: AbortSignal): Promise<void> {
    this.take()
    while (!isDone()) {
      await this.reader.wait(signal)
      this.take()
    }
  }
}

/** Opens a reader whose position is fixed when this resolves. */
export async function openReading(
  context: CaseContext,
  events: EventDriver,
  options: ReaderOptions,
): Promise<Reading> {
  const reading = new Reading(context, events.openReader(options))
  await context.settled(reading.reader.ready, 'the reader is ready')
  return reading
}

/** Returns the numbers from `from` up to, but not including, `to`. */
export function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index)
}
