/** A hub limit with an option of `serve`. */
export interface HubLimit {
  /** The option of `serve`, without its dashes. */
  readonly flag: string
  /** The member of `HubOptions`. */
  readonly member: HubLimitName
  readonly kind: 'count' | 'size' | 'duration'
  readonly help: string
  /** As written on a command line. */
  readonly default: string
  /** In the member's unit: a number, bytes or milliseconds. */
  readonly min: number
  readonly max: number
}

/** The members of `HubOptions` that are limits. */
export type HubLimitName =
  | 'leaseMs'
  | 'drainMs'
  | 'takeoverMs'
  | 'maxConnections'
  | 'maxConnectionsPerKey'
  | 'maxSessions'
  | 'maxSessionsPerKey'
  | 'maxInFlight'
  | 'maxFrameBytes'
  | 'maxBufferedBytes'

const MAX_COUNT = 1_000_000
const MIN_BYTES = 64 * 1024
const MAX_BYTES = 1024 ** 3
const HOUR_MS = 3_600_000

/** All limits, in the order of the help. */
export const HUB_LIMITS: readonly HubLimit[] = [
  {
    flag: 'lease',
    member: 'leaseMs',
    kind: 'duration',
    help: 'how long a lock survives without contact with its owner',
    default: '10s',
    min: 100,
    max: HOUR_MS,
  },
  {
    flag: 'drain',
    member: 'drainMs',
    kind: 'duration',
    help: 'on shutdown, wait this long for in-flight requests',
    default: '5s',
    min: 0,
    max: HOUR_MS,
  },
  {
    flag: 'takeover',
    member: 'takeoverMs',
    kind: 'duration',
    help: 'wait this long for the port of a hub that is shutting down, and take over its clients',
    default: '0s',
    min: 0,
    max: 24 * HOUR_MS,
  },
  {
    flag: 'max-connections',
    member: 'maxConnections',
    kind: 'count',
    help: 'maximum number of connected clients',
    default: '1024',
    min: 1,
    max: MAX_COUNT,
  },
  {
    flag: 'max-connections-per-key',
    member: 'maxConnectionsPerKey',
    kind: 'count',
    help: 'maximum number of connected clients with one access key',
    default: '256',
    min: 1,
    max: MAX_COUNT,
  },
  {
    flag: 'max-sessions',
    member: 'maxSessions',
    kind: 'count',
    help: 'sessions, including those of disconnected clients',
    default: 'twice the connections',
    min: 1,
    max: MAX_COUNT,
  },
  {
    flag: 'max-sessions-per-key',
    member: 'maxSessionsPerKey',
    kind: 'count',
    help: 'sessions of one access key',
    default: 'twice its connections',
    min: 1,
    max: MAX_COUNT,
  },
  {
    flag: 'max-in-flight',
    member: 'maxInFlight',
    kind: 'count',
    help: 'in-flight requests of one client, including waits for locks',
    default: '1024',
    min: 1,
    max: MAX_COUNT,
  },
  {
    flag: 'max-message',
    member: 'maxFrameBytes',
    kind: 'size',
    help: 'largest message of a client; a larger one ends its connection',
    default: '2MiB',
    min: MIN_BYTES,
    max: MAX_BYTES,
  },
  {
    flag: 'max-unread',
    member: 'maxBufferedBytes',
    kind: 'size',
    help: 'bytes a client may leave unread; beyond that its connection ends',
    default: '8MiB',
    min: MIN_BYTES,
    max: MAX_BYTES,
  },
]
