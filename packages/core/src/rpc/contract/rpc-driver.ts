import type { MaybePromise } from '../../base/wait/maybe-promise.js'

/** A JSON-RPC 2.0 message or batch, parsed. */
export type RpcMessage = unknown

/**
 * Request/response transport on one engine: finds nothing and knows no methods, it only carries JSON-RPC
 * messages between two ends.
 */
export interface RpcDriver {
  /**
   * Accepts connections for one instance until the listener is closed. Every call listens on a place of its own.
   * Rejects when it cannot listen.
   */
  listen(
    service: RpcService,
    accept: (channel: RpcChannel) => void,
    limits: RpcLimits,
  ): MaybePromise<RpcListener>
  /**
   * Connects to the endpoint that the registry names. Rejects with `NO_RESPONDER` when nobody listens there, and
   * with the signal's reason once aborted; a listener that is only too busy to accept is tried until then.
   */
  connect(endpoint: string, limits: RpcLimits, signal: AbortSignal): Promise<RpcChannel>
}

/** The instance that answers. */
export interface RpcService {
  readonly name: string
  readonly instance: string
}

/** Limits a transport enforces before a message reaches anyone. */
export interface RpcLimits {
  /** Largest message, in bytes. */
  readonly maxMessageBytes: number
  /** Bytes that may wait to be read by a slow peer before the connection is closed. */
  readonly maxUnreadBytes: number
}

/** A place where an instance is reached. It keeps the process alive until `unref`. */
export interface RpcListener {
  /** Socket path, pipe or URL; what the registry stores. */
  readonly endpoint: string
  /** Stops accepting and removes the endpoint. Channels that are open live on; whoever accepted them closes them. */
  close(): Promise<void>
  /** Tells, at the cost of one system call, whether nobody can reach the endpoint any more. Absent where that cannot be. */
  isLost?(): boolean
  /** Removes the endpoint only, for exit handlers. */
  closeSync?(): void
  ref(): void
  unref(): void
}

/** One connection. Messages arrive whole, in order, at most once. It keeps the process alive until `unref`. */
export interface RpcChannel {
  /**
   * Queues a message, to be written with the others of this tick. False when the peer reads more slowly than it is
   * written to: wait for `onDrain`. After the end it does nothing.
   *
   * @throws CliOpsError `MESSAGE_TOO_LARGE`, with nothing sent
   */
  send(message: RpcMessage): boolean
  /** Resolves when everything sent so far has left this process, or the channel has ended. */
  flush(): Promise<void>
  /** The one receiver of messages and of the end; set in the same tick in which the channel was handed out. */
  receive(receiver: RpcReceiver): void
  /** Stops delivering and reading, at once, until `resume`; how a busy server pushes back. */
  pause(): void
  resume(): void
  /** Lets a process end while the connection is open, or not. */
  ref(): void
  unref(): void
  /** Sends what is queued and ends. `onClose` follows. */
  close(): void
}

/** What a channel reports. */
export interface RpcReceiver {
  onMessage(message: RpcMessage): void
  /**
   * A frame that is no JSON, too large, or not delimited. Where the next frame cannot be found any more the channel
   * closes after this call; a message that is sent during it still leaves.
   */
  onInvalid(reason: 'not-json' | 'too-large' | 'bad-frame'): void
  onDrain(): void
  /**
   * The peer will send no more, but may still read: `nc` and shell scripts end their side after the last request. The
   * receiver closes the channel once it has sent what it owes.
   */
  onEnd(): void
  /** Called once; `error` where the connection broke. */
  onClose(error?: Error): void
}
