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
  /** Resolves when the subscription has ended and no handler runs any more. Never rejects. */
  readonly settled: Promise<void>
  /** Delivers the available events: this bus has just stored something. */
  kick(): void
  /** Releases what it holds while a handler still runs. Call it after the subscription was ended. */
  abandon(): void
}

/** The dependencies of a subscription. */
export interface SubscriptionParts {
  readonly pattern: string
  /** The handler passed to `on`, by which `off` finds the subscription. */
  readonly handler: EventHandler
  /** The function to call for an event. */
  readonly call: EventHandler
  readonly feed: EventFeed
  readonly filter: EventFilter
  readonly options: SubscribeOptions
  readonly clock: Clock
  /** Called once when the subscription has ended. */
  readonly onEnd: (subscription: RunningSubscription) => void
}
