import type { EventFeed } from './event-feed.js'
import type { EventFilter } from './event-filter.js'
import type { EventHandler } from './event-handler.js'
import type { SubscribeOptions, Subscription } from './event-options.js'

/** A subscription as its bus sees it. */
export interface RunningSubscription extends Subscription {
  readonly pattern: string
  readonly group: string | undefined
  readonly handler: unknown
  /** Hands out what is there now: this bus has just stored something. */
  kick(): void
}

/** What a subscription is made of. */
export interface SubscriptionParts {
  readonly pattern: string
  readonly handler: EventHandler
  readonly feed: EventFeed
  readonly filter: EventFilter
  readonly options: SubscribeOptions
  /** Called once when the subscription has ended. */
  readonly onEnd: (subscription: RunningSubscription) => void
}
