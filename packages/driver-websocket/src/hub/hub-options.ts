import type { AccessKeySource } from './access-key.js'

/** Where a hub stores its data. */
export interface HubStore {
  /**
   * `local:`, or an engine such as `redis://…`, which several hubs can share.
   * @default 'local:', whatever `CLI_OPS_URL` says
   */
  readonly url?: string | undefined
  /**
   * Home directory, absolute; it is shared with the CLIs of this machine.
   * @default `CLI_OPS_HOME`, else the directory that every CLI of this user has by default
   */
  readonly home?: string | undefined
}

/** PEM texts of the hub's own certificate. */
export interface HubTls {
  readonly cert: string | Buffer
  readonly key: string | Buffer
}

/** Options of `createHub`. */
export interface HubOptions {
  /**
   * Address to listen on. Without `tls` it must be a loopback address.
   * @default '127.0.0.1'
   */
  readonly host?: string | undefined
  /** @default 0, a free one */
  readonly port?: number | undefined
  /**
   * Descriptor of a listening socket, instead of `host` and `port`: its opener, such as systemd, keeps it open across a restart of
   * the hub.
   * @default none
   */
  readonly socketFd?: number | undefined
  /**
   * How long to wait for the port while another hub has it, in milliseconds. End the other hub meanwhile: it stops
   * listening immediately, and this one takes over its clients while the other answers its in-flight requests.
   * @default 0: a port that is taken is an error
   */
  readonly takeoverMs?: number | undefined
  /**
   * Path of its URL, if a reverse proxy passes the path on unchanged: `/ops`.
   * @default '/'
   */
  readonly path?: string | undefined
  readonly tls?: HubTls | undefined
  readonly keys: AccessKeySource
  readonly store?: HubStore | undefined
  /**
   * Origins of web pages that may connect: `https://board.example`. Programs send none.
   * @default [], none
   */
  readonly allowedOrigins?: readonly string[] | undefined
  /**
   * Names by which clients reach the hub, for the check of the `Host` header when it listens on loopback only.
   * @default [], besides `localhost` and the addresses of this machine
   */
  readonly allowedHosts?: readonly string[] | undefined
  /**
   * Largest message of a client, in bytes; a larger one ends its connection.
   * @default 2097152
   */
  readonly maxFrameBytes?: number | undefined
  /**
   * Bytes that can wait for a slow client; beyond that its connection is closed, and it continues from its cursor when
   * it reconnects.
   * @default 8388608
   */
  readonly maxBufferedBytes?: number | undefined
  /** @default 1024 */
  readonly maxConnections?: number | undefined
  /** @default 256 */
  readonly maxConnectionsPerKey?: number | undefined
  /**
   * In-flight requests of one connection, including waits for locks; beyond that it gets `RATE_LIMITED`.
   * @default 1024
   */
  readonly maxInFlight?: number | undefined
  /**
   * Limit of open sessions, including those of disconnected clients.
   * @default twice `maxConnections`
   */
  readonly maxSessions?: number | undefined
  /** @default twice `maxConnectionsPerKey` */
  readonly maxSessionsPerKey?: number | undefined
  /**
   * Longest lease of a client, in milliseconds: how long a lock survives without its owner's contact with the hub, and how long it
   * is kept for its owner after a crash of the hub.
   * @default 10000
   */
  readonly leaseMs?: number | undefined
  /**
   * How long `close()` waits for in-flight requests, in milliseconds; for each client at most a third of its lease.
   * @default 5000
   */
  readonly drainMs?: number | undefined
  /** Receives one line per connection and refusal, without secrets. @default none */
  readonly onLog?: ((line: string) => void) | undefined
  /** Closes the hub once it is aborted. */
  readonly signal?: AbortSignal | undefined
}
