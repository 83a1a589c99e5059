import type { MaybePromise } from './maybe-promise.js'

/** A JSON-RPC 2.0 message or batch, parsed. */
export type RpcMessage = unknown

/**
 * Request/response transport on one engine: finds nothing and knows no methods, it only carries JSON-RPC
 * messages between two ends.
 */
export interface RpcDriver {
  /** Accepts connections for one instance until the listener is closed. Rejects when it cannot listen. */
  listen(
    service: RpcService,
    accept: (channel: RpcChannel) => void,
    limits: RpcLimits,
  ): MaybePromise<RpcListener>
  /** Connects to the endpoint that the registry names. Rejects with `NO_RESPONDER` when nobody listens there. */
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

/** A place where an instance is reached. */
export interface RpcListener {
  /** Socket path, pipe or URL; what the registry stores. */
  readonly endpoint: string
  /** Stops accepting, closes what is open and removes the endpoint. */
  close(): Promise<void>
  /** Removes the endpoint only, for exit handlers. */
  closeSync?(): void
}

/** One connection. Messages arrive whole, in order, at most once. */
export interface RpcChannel {
  /** Queues a message. False when the peer reads more slowly than it is written to: wait for `onDrain`. */
  send(message: RpcMessage): boolean
  /** The one receiver of messages and of the end; set right after the channel was handed out. */
  receive(receiver: RpcReceiver): void
  /** Stops reading from the peer until `resume`; how a busy server pushes back. */
  pause(): void
  resume(): void
  /** Lets a process end while the connection is idle, or not. */
  ref(): void
  unref(): void
  close(): void
}

/** What a channel reports. */
export interface RpcReceiver {
  onMessage(message: RpcMessage): void
  /** A frame that is no JSON or too large. The channel lives on unless `onClose` follows. */
  onInvalid(reason: 'not-json' | 'too-large' | 'bad-header'): void
  onDrain(): void
  /** Called once; `error` where the connection broke. */
  onClose(error?: Error): void
}
