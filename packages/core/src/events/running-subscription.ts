import type { Clock } from '../base/wait/clock.js'
import type { EventFeed } from './event-feed.js'
import type { EventFilter } from './event-filter.js'
import type { EventHandler } from './event-handler.js'
import type { SubscribeOptions, Subscription } from './event-options.js'

/** A subscription as its bus sees it. */
export interface RunningSubscription extends Subscription {
  readonly pattern: string
  readonly group: string | undefined
  readonly handler: unknown
  /** Resolves when the subscription has ended and none of its handlers runs. Never rejects. */
  readonly settled: Promise<void>
  /** Hands out what is there now: this bus has just stored something. */
  kick(): void
  /** Gives back what it holds although a handler still runs. To be called once it was ended. */
  abandon(): void
}

/** What a subscription is made of. */
export interface SubscriptionParts {
  readonly pattern: string
  /** What `on` was given, by which `off` finds it. */
  readonly handler: EventHandler
  /** What is called for an event. */
  readonly call: EventHandler
  readonly feed: EventFeed
  readonly filter: EventFilter
  readonly options: SubscribeOptions
  readonly clock: Clock
  /** Called once when the subscription has ended. */
  readonly onEnd: (subscription: RunningSubscription) => void
}
