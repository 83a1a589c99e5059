import { say } from '../diagnostics/message.js'
import { atExit } from '../process/at-exit.js'
import { describeGap } from './event-gap.js'
import { callHandler, createErrorReporter, type EventHandler } from './event-handler.js'
import type { EventEnvelope, EventGap } from './event-types.js'
import { GroupProgress } from './group-progress.js'
import { pause } from './pause.js'
import { isWorthAnotherTry } from './read-failure.js'
import type { RunningSubscription, SubscriptionParts } from './running-subscription.js'

/** How long a failing handler is given between its tries; after the last one the subscription ends. */
const RETRY_DELAYS_MS: readonly number[] = [100, 1000, 5000, 30_000]
/** A commit writes a file, so events that follow each other closely share one. */
const COMMIT_EVERY_MS = 5
/** What the pattern does not select may be read again after a crash, and is worth a commit only now and then. */
const COMMIT_SKIPPED_EVERY_MS = 1000

/**
 * A durable subscription. Its handler is awaited, event by event, and the cursor moves only after it succeeded: each
 * event is handled at least once, also over crashes.
 */
export class GroupSubscription implements RunningSubscription {
  readonly pattern: string
  readonly group: string
  readonly handler: EventHandler
  readonly ready: Promise<void>
  readonly #parts: SubscriptionParts
  readonly #retryDelaysMs: readonly number[]
  readonly #ending = new AbortController()
  readonly #report: (error: unknown, event: EventEnvelope) => void
  readonly #progress: GroupProgress
  readonly #leaveExit: () => void
  #working: Promise<void> | undefined

  constructor(parts: SubscriptionParts, group: string, retryDelaysMs = RETRY_DELAYS_MS) {
    this.#parts = parts
    this.#retryDelaysMs = retryDelaysMs
    this.pattern = parts.pattern
    this.group = group
    this.handler = parts.handler
    this.ready = parts.feed.ready
    this.#report = createErrorReporter(parts.pattern, parts.options.onError)
    this.#progress = new GroupProgress(parts.feed, group)
    this.#leaveExit = atExit(() => {
      void this.#progress.commit()
      parts.feed.close()
    })
    void this.#run()
  }

  /** Ends the subscription. A handler that is running comes to its end; then the next reader of the group takes over. */
  unsubscribe(): void {
    if (this.#ending.signal.aborted) return
    this.#ending.abort()
    this.#parts.onEnd(this)
    const finish = async (): Promise<void> => {
      await this.#progress.commit()
      this.#leaveExit()
      this.#parts.feed.close()
    }
    if (this.#working === undefined) void finish()
    else void this.#working.then(finish, finish)
  }

  [Symbol.dispose](): void {
    this.unsubscribe()
  }

  kick(): void {
    // Errors reach the subscription's own loop, which waits for the same work.
    this.#work().catch(() => undefined)
  }

  async #run(): Promise<void> {
    const { signal } = this.#ending
    while (!signal.aborted) {
      try {
        await this.#parts.feed.ready
        await this.#work()
        if (signal.aborted) return
        await this.#parts.feed.wait(signal)
      } catch (error) {
        if (signal.aborted) return
        if (await isWorthAnotherTry(error, this.#parts, signal)) continue
        this.unsubscribe()
      }
    }
  }

  /** Works off what is there; one at a time. */
  #work(): Promise<void> {
    if (this.#working !== undefined) return this.#working
    const working = this.#processAll().finally(() => {
      if (this.#working === working) this.#working = undefined
    })
    // Work that was done without waiting has set nothing to be reset yet.
    this.#working = working
    return working
  }

  async #processAll(): Promise<void> {
    while (!this.#ending.signal.aborted) {
      const batch = this.#parts.feed.poll()
      if (batch === undefined) return
      if (batch.gap !== undefined) await this.#passGap(batch.gap)
      let matched = false
      for (const event of batch.events) {
        if (this.#ending.signal.aborted) return
        if (this.#parts.filter.matches(event.type)) {
          matched = true
          if (!(await this.#handle(event))) return
        }
        this.#progress.advance(event.cursor)
        if (matched) await this.#progress.commitEvery(COMMIT_EVERY_MS)
      }
      await this.#progress.commitEvery(matched ? 0 : COMMIT_SKIPPED_EVERY_MS)
    }
  }

  /** Calls the handler until it succeeds. False when the event has to wait for the next start. */
  async #handle(event: EventEnvelope): Promise<boolean> {
    for (let failures = 0; ;) {
      try {
        const checked = this.#parts.filter.check(event)
        const accepted = checked instanceof Promise ? await checked : checked
        if (accepted !== undefined) await callHandler(this.handler, accepted)
        return true
      } catch (error) {
        this.#report(error, event)
      }
      const delayMs = this.#retryDelaysMs[failures]
      failures += 1
      if (delayMs === undefined) {
        say(
          `group "${this.group}" stops: its handler failed ${failures} times on event ${event.id}, which is kept for the next start`,
        )
        this.unsubscribe()
        return false
      }
      await pause(delayMs, this.#ending.signal)
      if (this.#ending.signal.aborted) return false
    }
  }

  async #passGap(gap: EventGap): Promise<void> {
    const { onGap } = this.#parts.options
    try {
      if (onGap === undefined) say(`group "${this.group}": ${describeGap(gap)}`)
      else onGap(gap)
    } catch (error) {
      say(`onGap failed: ${String(error)}`)
    }
    // The gap was reported; the next start shall not report it again.
    this.#progress.advance(gap.resumeAt)
    await this.#progress.commit()
  }
}
