import { onAbort } from '../base/wait/abort-signal.js'
import { DEATH_PULSE_MS, onPulse } from '../base/process/pulse.js'
import type { ServiceChange, ServiceInfo } from './contract/service-types.js'
import { clearTimeout, setTimeout } from '../base/wait/own-timers.js'

/** Where deaths are reported, or no instance is known that could die, polling only makes up for lost hints. */
const QUIET_POLL_MS = 10_000

/** The source of a watch. */
export interface ServiceSource {
  look(): Promise<ServiceInfo[]>
  /** Calls `listener` after changes, as a hint; returns a function that stops. */
  listen(listener: () => void): () => void
  /** Whether killed processes are reported, too. */
  readonly reportsDeaths: boolean
}

/**
 * Reports instances that come and go by comparing successive queries. Timers run only while a `next()` is pending; `return()` ends a
 * pending one.
 */
export class ServiceWatch implements AsyncIterableIterator<ServiceChange> {
  /** Kept where the bundle renames classes: Node shows it for an object and in a stack. */
  static readonly name = 'ServiceWatch'
  readonly #open: () => Promise<ServiceSource>
  readonly #onEnd: (watch: ServiceWatch) => void
  #stopListening: (() => void) | undefined
  readonly #known = new Map<string, ServiceInfo>()
  readonly #changes: ServiceChange[] = []
  #source: ServiceSource | undefined
  #stopSource: (() => void) | undefined
  #wake: (() => void) | undefined
  #changed = true
  #ended = false
  #error: Error | undefined
  #last: Promise<unknown> = Promise.resolve()

  constructor(
    open: () => Promise<ServiceSource>,
    signal: AbortSignal | undefined,
    onEnd: (watch: ServiceWatch) => void,
  ) {
    this.#open = open
    this.#onEnd = onEnd
    if (signal === undefined) return
    const abort = (): void => {
      this.#error = signal.reason as Error
      void this.return()
    }
    this.#stopListening = onAbort(signal, abort)
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  /** Resolves to the next change. Rejects with the signal's reason once aborted, or if a query fails. */
  next(): Promise<IteratorResult<ServiceChange, undefined>> {
    // Overlapping calls are answered in order.
    const next = this.#last.then(() => this.#next())
    this.#last = next.catch(() => undefined)
    return next
  }

  return(): Promise<IteratorResult<ServiceChange, undefined>> {
    if (!this.#ended) {
      this.#ended = true
      this.#stopListening?.()
      this.#stopSource?.()
      this.#wake?.()
      this.#onEnd(this)
    }
    return Promise.resolve({ done: true, value: undefined })
  }

  async #next(): Promise<IteratorResult<ServiceChange, undefined>> {
    try {
      while (!this.#ended) {
        const change = this.#changes.shift()
        if (change !== undefined) return { done: false, value: change }
        await this.#waitForChange()
        if (!this.#ended) await this.#compare()
      }
    } catch (error) {
      await this.return()
      throw error
    }
    const error = this.#error
    this.#error = undefined
    if (error !== undefined) throw error
    return { done: true, value: undefined }
  }

  async #compare(): Promise<void> {
    this.#changed = false
    const source = await this.#listen()
    const present = new Map((await source.look()).map((service) => [keyOf(service), service]))
    for (const [key, service] of this.#known) {
      if (present.has(key)) continue
      this.#known.delete(key)
      this.#changes.push({ type: 'down', service })
    }
    for (const [key, service] of present) {
      if (!this.#known.has(key)) this.#changes.push({ type: 'up', service })
      this.#known.set(key, service)
    }
  }

  /** Starts to listen before the first query, so no change is missed in between. */
  async #listen(): Promise<ServiceSource> {
    if (this.#source !== undefined) return this.#source
    this.#source = await this.#open()
    this.#stopSource = this.#source.listen(() => {
      this.#changed = true
      this.#wake?.()
    })
    if (this.#ended) this.#stopSource()
    return this.#source
  }

  #waitForChange(): Promise<void> {
    if (this.#changed) return Promise.resolve()
    return new Promise((resolve) => {
      this.#wake = () => {
        stopLooking()
        this.#wake = undefined
        resolve()
      }
      const stopLooking = this.#lookLater(this.#wake)
    })
  }

  /** On most engines, nothing announces the death of a process. */
  #lookLater(look: () => void): () => void {
    if (this.#known.size > 0 && this.#source?.reportsDeaths !== true)
      return onPulse(look, { everyMs: DEATH_PULSE_MS, keepsAlive: true })
    const timer = setTimeout(look, QUIET_POLL_MS)
    return () => {
      clearTimeout(timer)
    }
  }
}

function keyOf({ name, instance }: ServiceInfo): string {
  return `${instance}\0${name}`
}
