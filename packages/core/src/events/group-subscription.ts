import { callSafely } from '../base/errors/call-safely.js'
import { errorText } from '../base/errors/error-text.js'
import { say } from '../base/terminal/message.js'
import { atExit } from '../base/process/at-exit.js'
import { EventAttempts } from './event-attempts.js'
import type { EventFeed } from './event-feed.js'
import { describeGap } from './event-gap.js'
import { createErrorReporter, type EventHandler } from './event-handler.js'
import type { EventEnvelope, EventGap } from './contract/event-types.js'
import { GroupProgress } from './group-progress.js'
import type { ParkedEvent } from './contract/parked-event.js'
import { pause } from '../base/wait/pause.js'
import { isWorthAnotherTry } from './read-failure.js'
import type { RunningSubscription, SubscriptionParts } from './running-subscription.js'
import { SubscriptionEnd } from './subscription-end.js'

/** A commit writes a file, so events in quick succession share one. */
const COMMIT_EVERY_MS = 5
/** Reading unmatched events again after a crash does no harm, so they are worth only an occasional commit. */
const COMMIT_SKIPPED_EVERY_MS = 1000

/** What a {@link GroupSubscription} needs in addition to every other subscription. */
export interface GroupParts extends SubscriptionParts {
  readonly group: string
  /** Opens another feed of the group, which stands by behind the existing ones. */
  readonly openFeed: () => EventFeed
}

/**
 * A durable subscription. Its handler is awaited event by event, and the cursor moves only once the handler has succeeded or the event
 * is parked. So each event is handled at least once, even across crashes, or kept for a person to decide.
 */
export class GroupSubscription implements RunningSubscription {
  /** Kept where the bundle renames classes: Node shows it for an object and in a stack. */
  static readonly name = 'Subscription'
  readonly pattern: string
  readonly group: string
  readonly handler: EventHandler
  readonly ready: Promise<void>
  readonly #parts: GroupParts
  readonly #ending = new AbortController()
  readonly #end = new SubscriptionEnd(true)
  readonly #attempts: EventAttempts
  readonly #leaveExit: () => void
  #feed: EventFeed
  #progress: GroupProgress
  #working: Promise<void> | undefined

  constructor(parts: GroupParts) {
    const { pattern, group, handler, call, feed, filter, options, clock } = parts
    this.#parts = parts
    this.pattern = pattern
    this.group = group
    this.handler = handler
    this.#feed = feed
    this.#progress = new GroupProgress(feed, group)
    const report = createErrorReporter(pattern, options.onError)
    this.#attempts = new EventAttempts({
      group,
      handler: call,
      filter,
      options,
      clock,
      report,
      owner: this,
    })
    this.#leaveExit = atExit(() => {
      void this.#progress.commit()
      this.#feed.close()
    })
    const running = this.#run()
    this.ready = feed.ready.catch(async (error: unknown) => {
      // A caller whose start failed might retry immediately: the group must be free by then.
      await running
      throw error
    })
    this.ready.catch(() => undefined)
  }

  get closed(): Promise<void> {
    return this.#end.closed
  }

  get settled(): Promise<void> {
    return this.#end.settled
  }

  /** Ends the subscription. A running handler finishes first; then the group's next reader takes over. */
  unsubscribe(): void {
    this.#stop(() => this.#end.resolve())
  }

  [Symbol.dispose](): void {
    this.unsubscribe()
  }

  /** Lets the next reader take over while the handler still runs: the ended subscription has been awaited for long enough. */
  abandon(): void {
    this.#leaveExit()
    this.#feed.close()
    this.#end.resolve()
  }

  kick(): void {
    // The subscription's own loop waits for the same work and gets its errors.
    this.#work().catch(() => undefined)
  }

  /** Ends the subscription, and settles it once its running handler has finished and is committed. */
  #stop(settle: () => void): void {
    if (this.#ending.signal.aborted) return
    this.#ending.abort()
    this.#parts.onEnd(this)
    const finish = async (): Promise<void> => {
      await this.#progress.commit()
      this.#leaveExit()
      this.#feed.close()
      settle()
    }
    if (this.#working === undefined) void finish()
    else void this.#working.then(finish, finish)
  }

  async #run(): Promise<void> {
    const { signal } = this.#ending
    while (!signal.aborted) {
      const feed = this.#feed
      try {
        await feed.ready
        await this.#work()
        if (signal.aborted) return
        // Given away meanwhile: continue with the standby feed.
        if (feed === this.#feed) await feed.wait(signal)
      } catch (error) {
        if (signal.aborted) return
        if (await isWorthAnotherTry(error, { ...this.#parts, feed }, signal)) continue
        this.#stop(() => this.#end.reject(error))
      }
    }
  }

  /** Processes all available batches; one run at a time. */
  #work(): Promise<void> {
    if (this.#working !== undefined) return this.#working
    let settle!: (work: Promise<void>) => void
    // Set before the first handler is called, which can immediately emit or end the subscription.
    this.#working = new Promise<void>((resolve) => {
      settle = resolve
    })
    const working = this.#working
    settle(
      this.#processAll().finally(() => {
        this.#working = undefined
      }),
    )
    return working
  }

  async #processAll(): Promise<void> {
    while (!this.#ending.signal.aborted) {
      const batch = this.#feed.poll()
      if (batch === undefined) return
      if (batch.gap !== undefined) await this.#passGap(batch.gap)
      for (const parked of batch.retries ?? []) {
        if (this.#ending.signal.aborted || !(await this.#tryAgain(parked))) return
      }
      if (!(await this.#processEvents(batch.events))) return
    }
  }

  /** False if another reader or the next start handles the rest of the batch. */
  async #processEvents(events: readonly EventEnvelope[]): Promise<boolean> {
    let matched = false
    for (const event of events) {
      if (this.#ending.signal.aborted) return false
      if (!this.#parts.filter.matches(event.type)) {
        this.#progress.advance(event.cursor)
        continue
      }
      matched = true
      const { end, isOverdue } = await this.#attempts.run(event, this.#feed, this.#ending.signal)
      if (end !== 'left') this.#progress.advance(event.cursor)
      if (end === 'left' || isOverdue) {
        await this.#progress.commit()
        if (isOverdue) await this.#giveAway()
        return false
      }
      await this.#progress.commitEvery(COMMIT_EVERY_MS)
    }
    await this.#progress.commitEvery(matched ? 0 : COMMIT_SKIPPED_EVERY_MS)
    return true
  }

  /** Retries a parked event, counting from 1. The cursor passed it when it was parked. */
  async #tryAgain({ event }: ParkedEvent): Promise<boolean> {
    if (!this.#parts.filter.matches(event.type)) return true
    const { end, isOverdue } = await this.#attempts.run(event, this.#feed, this.#ending.signal)
    if (end === 'handled') await this.#progress.unpark(event)
    if (isOverdue) await this.#giveAway()
    return end !== 'left' && !isOverdue
  }

  /**
   * Hands the group to a standby reader while the overdue handler still runs. Then stands by again, since there might be no other
   * reader.
   */
  async #giveAway(): Promise<void> {
    this.#feed.close()
    await pause(this.#attempts.delayMs(1), this.#ending.signal, {
      clock: this.#parts.clock,
    })
    if (this.#ending.signal.aborted) return
    this.#feed = this.#parts.openFeed()
    this.#progress = new GroupProgress(this.#feed, this.group)
  }

  async #passGap(gap: EventGap): Promise<void> {
    const { onGap } = this.#parts.options
    if (onGap === undefined) say(`group "${this.group}": ${describeGap(gap)}`)
    else
      callSafely(
        () => onGap(gap),
        (error) => say(`onGap failed: ${errorText(error)}`),
      )
    // The gap was reported; the next start must not report it again.
    this.#progress.advance(gap.resumeAt)
    await this.#progress.commit()
  }
}
