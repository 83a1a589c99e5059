import type { MaybePromise } from '../../base/wait/maybe-promise.js'

/** A JSON-RPC 2.0 message or batch, parsed. */
export type RpcMessage = unknown

/**
 * Request/response transport on one engine. It only carries JSON-RPC messages between two ends; it finds no servers and knows no
 * methods.
 */
export interface RpcDriver {
  /**
   * Accepts connections for one instance until the listener is closed. Every call listens on its own endpoint. Rejects if it cannot
   * listen.
   */
  listen(
    service: RpcService,
    accept: (channel: RpcChannel) => void,
    limits: RpcLimits,
  ): MaybePromise<RpcListener>
  /**
   * Connects to the endpoint from the registry. Rejects with `NO_RESPONDER` if nothing listens there, and with the signal's reason
   * once aborted. Keeps trying a listener that is only too busy to accept.
   */
  connect(endpoint: string, limits: RpcLimits, signal: AbortSignal): Promise<RpcChannel>
}

/** The instance that answers. */
export interface RpcService {
  readonly name: string
  readonly instance: string
}

/** Limits that a transport enforces before it delivers a message. */
export interface RpcLimits {
  /** Largest message, in bytes. */
  readonly maxMessageBytes: number
  /** Unread bytes that a slow peer may accumulate before the connection is closed. */
  readonly maxUnreadBytes: number
}

/** An endpoint of an instance. It keeps the process alive until `unref`. */
export interface RpcListener {
  /** Socket path, pipe or URL, as stored in the registry. */
  readonly endpoint: string
  /** Stops accepting and removes the endpoint. Open channels stay open; the code that accepted them closes them. */
  close(): Promise<void>
  /** Returns, at the cost of one system call, whether the endpoint has become unreachable. Absent if that cannot happen. */
  isLost?(): boolean
  /** Removes the endpoint only, for exit handlers. */
  closeSync?(): void
  ref(): void
  unref(): void
}

/** One connection. Messages arrive whole, in order, at most once. It keeps the process alive until `unref`. */
export interface RpcChannel {
  /**
   * Queues a message, to be written together with others in this tick. Returns false if the peer reads too slowly: wait for `onDrain`.
   * Does nothing after the end.
   *
   * @throws CliOpsError `MESSAGE_TOO_LARGE`, with nothing sent
   */
  send(message: RpcMessage): boolean
  /** Resolves when everything sent so far has left this process, or the channel has ended. */
  flush(): Promise<void>
  /** Sets the only receiver of messages and of the end, in the same tick in which the channel was handed out. */
  receive(receiver: RpcReceiver): void
  /** Stops delivering and reading immediately, until `resume`: a busy server's backpressure. */
  pause(): void
  resume(): void
  /** With `unref`, controls whether the open connection keeps the process alive. */
  ref(): void
  unref(): void
  /** Sends the queued messages and ends. `onClose` follows. */
  close(): void
}

/** The events of a channel. */
export interface RpcReceiver {
  onMessage(message: RpcMessage): void
  /**
   * A frame that is not JSON, is too large, or is not delimited. If the next frame can no longer be found, the channel closes after
   * this call; messages sent during the call still leave.
   */
  onInvalid(reason: 'not-json' | 'too-large' | 'bad-frame'): void
  onDrain(): void
  /**
   * The peer will send no more but might still read: `nc` and shell scripts end their side after the last request. The receiver closes
   * the channel once it has sent all outstanding replies.
   */
  onEnd(): void
  /** Called once; with `error` if the connection broke. */
  onClose(error?: Error): void
}
