/** What a driver package needs from the kit: the contract, and the code that all drivers share. */
export type {
  AppendOptions,
  CleanOptions,
  CreateDriver,
  Credentials,
  Driver,
  DriverCapabilities,
  DriverOptions,
  EngineAccess,
  EngineFinding,
  EventBatch,
  EventDriver,
  EventParking,
  EventReader,
  EventRecord,
  GroupLedger,
  ListOptions,
  LockDriver,
  LockGrant,
  LockRequest,
  LockWait,
  MaybePromise,
  OpenCommand,
  OwnedByOptions,
  ParkedCount,
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
} from './drivers/driver.js'
export type {
  Cursor,
  EventEnvelope,
  EventGap,
  StartPosition,
  StoredEvent,
} from './events/contract/event-types.js'
export { closedFor } from './locks/contract/closed-engine.js'
export { createLockInfo, type LockFacts } from './locks/contract/create-lock-info.js'
export type {
  Holder,
  LockInfo,
  LockMode,
  LockWaiter,
  Owner,
  QueueStanding,
} from './locks/contract/lock-types.js'
export type { ParkedEvent } from './events/contract/parked-event.js'
export type { ServiceInfo } from './registry/contract/service-types.js'
export { type CycleLink, findCycle, type WaitGraph } from './driver-kit/find-cycle.js'
export { findClockOff } from './driver-kit/find-clock-off.js'
export { currentInstant, type Instant } from './driver-kit/lease-clock.js'
export { type LeaseQueue, LeaseWait, type Standing } from './driver-kit/lease-wait.js'
export { type GrantedLease, LeasedGrant, type RenewableLease } from './driver-kit/leased-grant.js'
export { type DriverHandle, type DriverWith, openDriver } from './engine/open-driver.js'
export { CliOpsError, isCliOpsError } from './base/errors/cli-ops-error.js'
export { ERROR_CODES, type ErrorCode } from './base/errors/error-codes.js'
export { describeEngine } from './engine/connect-driver.js'
export { parseEngineUrl } from './engine/parse-engine-url.js'
export { privateSocketPath } from './engine/private-socket-path.js'
export { debug, warnOnce } from './base/terminal/message.js'
export { printable } from './base/terminal/printable.js'
export { describeOwner } from './locks/contract/describe-owner.js'
export { WaitAbandoned } from './locks/contract/wait-abandoned.js'
export { randomId } from './base/names/random-id.js'
export { monotonicMs } from './base/process/monotonic-time.js'
export { ownOwner } from './locks/contract/own-owner.js'
export { ownProcess } from './base/process/own-process.js'
export { byAge, toServiceInfo } from './registry/contract/service-info.js'
export { assertName } from './base/names/assert-name.js'
export { assertLockName } from './locks/contract/slot-name.js'
export { parseJson } from './base/validation/parse-json.js'
export { CarriedChannel } from './driver-kit/carried-channel.js'
export { DeliveryLoop, type DeliverySource } from './driver-kit/delivery-loop.js'
export { ClientConnection, type ConnectedServer } from './rpc/client-connection.js'
export { RPC_ERROR, RPC_METHOD, type WireError } from './rpc/contract/json-rpc.js'
export { type RequestMethods, RequestRefused } from './rpc/method-table.js'
export type { RequestContext } from './rpc/request-handler.js'
export { ServerConnection, type ServerConnectionOptions } from './rpc/server-connection.js'
export {
  type GroupElection,
  GroupReader,
  type GroupTurn,
  type RetryLedger,
} from './driver-kit/group-reader.js'
export { KeepAlive } from './driver-kit/keep-alive.js'
export { type LogSlice, type PolledLog, PolledReader } from './driver-kit/polled-reader.js'
export { Waiters } from './driver-kit/waiters.js'
export { type FrameRelay, RelayedRpc } from './driver-kit/relayed-rpc.js'
export { type OutageLimits, throughOutage } from './base/errors/through-outage.js'
export {
  anySignal,
  type FollowingSignal,
  onAbort,
  waitUnlessAborted,
} from './base/wait/abort-signal.js'
export {
  clearInterval,
  clearTimeout,
  setImmediate,
  setInterval,
  setTimeout,
} from './base/wait/own-timers.js'
export { pause } from './base/wait/pause.js'
export { outlasts } from './base/wait/outlasts.js'
export { type CallLimits, settleWithin, untilAborted, withinTime } from './base/wait/race.js'
export { closedError } from './base/errors/closed-error.js'
export { assertKnown } from './base/validation/assert-known.js'
export { isObject } from './base/validation/is-object.js'
export { LeasedDriver, type LeasedEngine } from './driver-kit/leased-driver.js'
export { deadlockError, type LeasedLockEngine, LeasedLocks } from './driver-kit/leased-locks.js'
export { LeasedRegistry, type RecordStore } from './driver-kit/leased-registry.js'
export { decodeLockState, encodeLockInfo } from './driver-kit/stored-lock-state.js'
export { type EventLogEngine, LoggedEvents, type LogFetch } from './driver-kit/logged-events.js'
export type { GroupCursor } from './driver-kit/lock-election.js'
export { type LedgerStore, parkedKey } from './driver-kit/stored-ledger.js'
export {
  comparePositions,
  type LogPosition,
  NOWHERE,
  parsePosition,
  parseStart,
  toCursor,
} from './driver-kit/log-position.js'
export { retentionCutoff } from './driver-kit/retention-cutoff.js'
export { type LogEntry, slicesBehindEnd, toEvent, toSlices } from './driver-kit/log-slices.js'
export {
  type ChannelCarrier,
  type ChannelListener,
  ChannelSubscriber,
} from './driver-kit/channel-subscriber.js'
export { EngineLink, type LinkCarrier } from './driver-kit/engine-link.js'
export { splitFrame } from './driver-kit/frame-parts.js'
export { routeFrames } from './driver-kit/route-frames.js'
export { Inbox, type InboxListener } from './driver-kit/inbox.js'
export { offerAppended } from './driver-kit/offer-appended.js'
export { OpenReaders } from './driver-kit/open-readers.js'
export { routeLocks } from './driver-kit/route-locks.js'
