export { CliOpsError, isCliOpsError, type CliOpsErrorOptions } from './base/errors/cli-ops-error.js'
export { ERROR_CODES, type ErrorCode } from './base/errors/error-codes.js'
export { LockManager, type LockManagerOptions } from './locks/lock-manager.js'
export type {
  Holder,
  Lock,
  LockInfo,
  LockMode,
  LockOptions,
  LockWaiter,
  QueueStanding,
  Owner,
} from './locks/contract/lock-types.js'
export { describeHolder, describeOwner } from './locks/contract/describe-owner.js'
export { createWaitLine, type WaitLine, type WaitLineOptions } from './command/waiting/wait-line.js'
export { EventBus } from './events/event-bus.js'
export type { DataOf, EventData, EventOf } from './events/event-map.js'
export type { EventHandler } from './events/event-handler.js'
export type {
  CloseOptions,
  EmitOptions,
  EventBusOptions,
  OnceOptions,
  PulledEvents,
  PullOptions,
  ReadOptions,
  SubscribeOptions,
  Subscription,
} from './events/event-options.js'
export type { ParkedEvent } from './events/contract/parked-event.js'
export type {
  Cursor,
  EventEnvelope,
  EventGap,
  StartPosition,
} from './events/contract/event-types.js'
export type { RateLimit } from './events/rate-limit.js'
export type {
  CommandEnded,
  CommandFailed,
  CommandLockFacts,
  CommandStarted,
  ConfigChanged,
  ItemCreated,
  LockForced,
  LockParty,
  LockRefused,
  LockReleased,
  ProjectCreated,
  Reference,
  RunEnded,
  StandardEvents,
  StandardEventType,
  TaskCreated,
  Updated,
} from './events/standard-events.js'
export {
  type Coordinator,
  type CoordinatorOptions,
  createCoordinator,
} from './coordinator/create-coordinator.js'
export { useOps } from './coordinator/use-ops.js'
export type { ConnectionOptions, ConnectionUrl } from './engine/connection-options.js'
export type { StandardSchema } from './base/validation/standard-schema.js'
export {
  ServiceRegistry,
  type RegistryCallOptions,
  type ServiceRegistryOptions,
} from './registry/service-registry.js'
export type { Registration } from './registry/registration.js'
export type { ServiceMetadata } from './registry/assert-metadata.js'
export type {
  ServiceChange,
  ServiceFilter,
  ServiceInfo,
} from './registry/contract/service-types.js'

export { IPCServer, type IPCServerOptions } from './rpc/ipc-server.js'
export { IPCClient, type IPCClientOptions, type RequestOptions } from './rpc/ipc-client.js'
export type {
  HandlerSchemas,
  HandlerWithSchemas,
  RequestClient,
  RequestContext,
  RequestHandler,
} from './rpc/request-handler.js'
export type { RequestOutcome, RequestReport } from './rpc/request-log.js'
export {
  type ConfigBus,
  type ConfigWatcher,
  type WatchConfigOptions,
  watchConfigFile,
} from './config-watcher/watch-config-file.js'
export type { ConfigFormat } from './config-watcher/config-format.js'
