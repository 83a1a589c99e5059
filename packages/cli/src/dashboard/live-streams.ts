import type { ServerResponse } from 'node:http'

import type { LiveModel } from '../live/live-model.js'

/** What the page learns about the dashboard itself. */
export interface DashboardFacts {
  readonly allowRelease: boolean
}

interface Stream {
  readonly response: ServerResponse
  /** The revision that the page already has. */
  revision: number
}

/** The minimum interval between updates; the first one after a pause is sent almost immediately. */
const SEND_MS = 100
const GATHER_MS = 10
/** Updates rates and ages when nothing changes, and tells the page that the program is alive. */
const TICK_MS = 2000
/** A page that does not read receives nothing more until it does. */
const MAX_UNREAD_BYTES = 256 * 1024
const MAX_STREAMS = 32

/** Server-Sent Events to any number of pages: first everything, then changes. */
export class LiveStreams {
  readonly #model: LiveModel
  readonly #facts: DashboardFacts
  readonly #streams = new Set<Stream>()
  readonly #stopListening: () => void
  #ticks: NodeJS.Timeout | undefined
  #timer: NodeJS.Timeout | undefined
  #sentAt = 0

  constructor(model: LiveModel, facts: DashboardFacts) {
    this.#model = model
    this.#facts = facts
    this.#stopListening = model.onChange(() => this.#sendSoon())
  }

  /** Answers a request with a stream. */
  add(response: ServerResponse): void {
    if (this.#streams.size >= MAX_STREAMS) {
      response.writeHead(503, { 'Content-Type': 'application/json' })
      response.end(JSON.stringify({ problem: 'Too many pages are open.' }))
      return
    }
    response.writeHead(200, { 'Content-Type': 'text/event-stream' })
    const stream: Stream = { response, revision: 0 }
    this.#streams.add(stream)
    const stopWatching = this.#model.watch()
    this.#ticks ??= setInterval(() => this.#sendAll(), TICK_MS)
    response.on('close', () => {
      this.#streams.delete(stream)
      stopWatching()
      if (this.#streams.size > 0) return
      clearInterval(this.#ticks)
      this.#ticks = undefined
    })
    this.#send(stream)
  }

  /** Ends all streams. */
  close(): void {
    this.#stopListening()
    clearInterval(this.#ticks)
    clearTimeout(this.#timer)
    for (const { response } of this.#streams) response.end()
  }

  #sendSoon(): void {
    if (this.#streams.size === 0 || this.#timer !== undefined) return
    const sinceMs = performance.now() - this.#sentAt
    this.#timer = setTimeout(() => this.#sendAll(), Math.max(GATHER_MS, SEND_MS - sinceMs))
  }

  #sendAll(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#sentAt = performance.now()
    for (const stream of this.#streams) this.#send(stream)
  }

  #send(stream: Stream): void {
    if (stream.response.writableLength > MAX_UNREAD_BYTES) return
    const snapshot = { ...this.#model.snapshot(stream.revision), ...this.#facts }
    stream.revision = snapshot.revision
    stream.response.write(`data: ${JSON.stringify(snapshot)}\n\n`)
  }
}
