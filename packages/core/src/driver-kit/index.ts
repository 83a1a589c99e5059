/** What a driver package needs of the kit: the contract, and what every driver has in common. */
export type {
  AppendOptions,
  CleanOptions,
  CreateDriver,
  Credentials,
  Driver,
  DriverCapabilities,
  DriverOptions,
  EngineAccess,
  EventBatch,
  EventDriver,
  EventReader,
  EventRecord,
  LockDriver,
  LockGrant,
  LockRequest,
  LockWait,
  MaybePromise,
  Primitive,
  ReaderOptions,
  RegistryDriver,
  Retention,
  RpcChannel,
  RpcDriver,
  RpcLimits,
  RpcListener,
  RpcMessage,
  RpcReceiver,
  RpcService,
  ServiceQuery,
  ServiceRecord,
  TlsFiles,
} from '../drivers/driver.js'
export type {
  Cursor,
  EventEnvelope,
  EventGap,
  StartPosition,
  StoredEvent,
} from '../events/event-types.js'
export type { LockInfo, LockMode, Owner } from '../locks/lock-types.js'
export type { ServiceInfo } from '../registry/service-types.js'
export { currentInstant, type Instant } from './lease-clock.js'
export { type GrantedLease, LeasedGrant, type LeaseKeeper } from './leased-grant.js'
export { type DriverHandle, type DriverWith, openDriver } from '../drivers/open-driver.js'
export { CliOpsError, isCliOpsError } from '../errors/cli-ops-error.js'
export { ERROR_CODES, type ErrorCode } from '../errors/error-codes.js'
export { describeEngine } from '../drivers/connect-driver.js'
export { debug, printable, warnOnce } from '../diagnostics/message.js'
export { describeOwner } from '../locks/describe-owner.js'
export { randomId } from '../names/random-id.js'
export { monotonicMs } from '../process/monotonic-time.js'
export { ownOwner } from '../locks/own-owner.js'
export { ownProcess } from '../process/own-process.js'
export { byAge, toServiceInfo } from '../registry/service-info.js'
export { assertName } from '../names/assert-name.js'
export { parseJson } from '../validation/parse-json.js'
export { CarriedChannel } from './carried-channel.js'
export { KeepAlive } from './keep-alive.js'
export { type FrameRelay, RelayedRpc } from './relayed-rpc.js'
export { type CallLimits, settleWithin } from './settle-within.js'
