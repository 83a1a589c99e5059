export { CliOpsError, isCliOpsError, type CliOpsErrorOptions } from './errors/cli-ops-error.js'
export { ERROR_CODES, type ErrorCode } from './errors/error-codes.js'
export { openDriver } from './drivers/open-driver.js'
export { EventBus } from './events/event-bus.js'
export type { DataOf, EventData, EventOf } from './events/event-map.js'
export type { EventHandler } from './events/event-handler.js'
export type {
  EmitOptions,
  EventBusOptions,
  OnceOptions,
  SubscribeOptions,
  Subscription,
} from './events/event-options.js'
export type { Cursor, EventEnvelope, EventGap, StartPosition } from './events/event-types.js'
export type { RateLimit } from './events/rate-limit.js'
export type {
  CommandEnded,
  CommandStarted,
  ConfigChanged,
  ItemCreated,
  ProjectCreated,
  Reference,
  StandardEvents,
  StandardEventType,
  TaskCreated,
  Updated,
} from './events/standard-events.js'
