import {
  type EventBatch,
  type EventEnvelope,
  type EventReader,
  pause,
} from '@cli-ops/shared-ipc/driver'

import { RawJson } from '../protocol/message.js'
import type { Client } from './operation.js'

/** A client with this much unread data gets no more for now. */
const HIGH_WATER_BYTES = 512 * 1024
const MAX_FRAME_CHARACTERS = 256 * 1024
const RETRY_MS = 200

/** How a pump begins, and its callback. */
export interface EventPumpOptions {
  /** How many events it can send for now. */
  readonly credit: number
  /** Called when events were sent. */
  readonly onSent: (count: number) => void
}

/** Sends a client what its reader finds, as far as there is credit, and no faster than the client reads. */
export class EventPump {
  readonly #id: number
  readonly #reader: EventReader
  readonly #client: Client
  readonly #stopping = new AbortController()
  readonly #onSent: (count: number) => void
  #credit: number
  #wake: (() => void) | undefined

  constructor(
    id: number,
    reader: EventReader,
    client: Client,
    { credit, onSent }: EventPumpOptions,
  ) {
    this.#id = id
    this.#reader = reader
    this.#client = client
    this.#credit = credit
    this.#onSent = onSent
  }

  start(): void {
    void this.#run()
  }

  /** Allows that many more events to be sent. */
  credit(count: number): void {
    this.#credit += count
    this.#wake?.()
  }

  stop(): void {
    this.#stopping.abort(new Error('the reader was closed'))
    this.#wake?.()
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping
    while (!signal.aborted && this.#client.isOpen) {
      if (this.#credit <= 0) await this.#rest()
      else {
        const batch = await this.#take(signal)
        if (batch !== undefined) await this.#send(batch)
      }
    }
  }

  /** Returns what the reader finds now; undefined if it may find something later. */
  async #take(signal: AbortSignal): Promise<EventBatch | undefined> {
    try {
      const batch = this.#reader.poll()
      if (batch === undefined) await this.#reader.wait(signal)
      return batch
    } catch {
      // The store is unreadable for a while; the position is known, so nothing is missed.
      await pause(RETRY_MS, signal)
      return undefined
    }
  }

  async #send({ gap, retries, events }: EventBatch): Promise<void> {
    this.#credit -= events.length
    this.#onSent(events.length)
    const frames = inFrames(events)
    let first = gap === undefined ? '' : `,"gap":${JSON.stringify(gap)}`
    // Each in its own frame: an event can be as large as a frame.
    for (const parked of retries ?? []) {
      const json = `{"reader":${this.#id},"events":[],"retries":[${JSON.stringify(parked)}]}`
      await this.#push(json)
    }
    if (retries !== undefined && events.length === 0 && gap === undefined) return
    for (const jsons of frames.length === 0 ? [[]] : frames) {
      if (this.#stopping.signal.aborted) return
      const params = `{"reader":${this.#id},"events":[${jsons.join(',')}]${first}}`
      first = ''
      await this.#push(params)
    }
  }

  async #push(json: string): Promise<void> {
    this.#client.notify('events.batch', new RawJson(json))
    if (this.#client.unreadBytes > HIGH_WATER_BYTES) await this.#client.flush()
  }

  #rest(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = () => {
        this.#wake = undefined
        resolve()
      }
    })
  }
}

function inFrames(events: readonly EventEnvelope[]): string[][] {
  const frames: string[][] = []
  let length = Infinity
  for (const event of events) {
    const json = JSON.stringify(event)
    if (length + json.length > MAX_FRAME_CHARACTERS) {
      frames.push([])
      length = 0
    }
    frames.at(-1)?.push(json)
    length += json.length
  }
  return frames
}
