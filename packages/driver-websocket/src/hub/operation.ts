import type { HubScope } from './access-key.js'
import type { Params } from './params.js'
import type { SessionScope } from './session-secret.js'

/** What a client may ask for. */
export interface Operation {
  /** What its access key has to be good for. */
  readonly scope: HubScope
  /** It belongs to something that is under way, so a hub that is being stopped does it still. @default false */
  readonly isPart?: boolean
  /** Tells whether it may wait for others without an end: a hub that is being stopped does not wait for it. @default never */
  waits?(params: Params): boolean
  run(params: Params, request: OperationRequest): unknown
}

/** What an operation is told beside its params. */
export interface OperationRequest {
  /** Aborted when the client gives up, or has gone. */
  readonly signal: AbortSignal
}

/** Operations by method. */
export type Operations = readonly (readonly [method: string, operation: Operation])[]

/** What one primitive does for one session. */
export interface ClientPart {
  readonly operations: Operations
  /** The session goes on over another connection. */
  attach?(): void
  /** The connection has ended, and what is bound to it. */
  detach?(): void
  /** The client has been away for so long that nobody is to wait for it any more. */
  leave?(): void
  /** The hub is being stopped. Resolves once what is under way beside requests has ended. */
  drain?(): Promise<void>
  /** Another hub goes on with the session: what it can take up is left as it is, and the rest taken back. Never rejects. */
  handOver(): Promise<void> | void
  /** The session has ended. */
  end(): void
}

/** The connection that a session has at the moment. */
export interface SessionConnection {
  readonly unreadBytes: number
  notify(method: string, params: object): void
  flush(): Promise<void>
  /** Ends it: the session goes on over another one. */
  replace(): void
}

/** What a part needs of its session. */
export interface Client {
  /** Id of the session: never shown. */
  readonly id: string
  readonly scope: SessionScope
  /** Name of its access key. */
  readonly keyName: string
  readonly leaseMs: number
  /** Bytes that wait to be read by the client. */
  readonly unreadBytes: number
  /** There is a connection. */
  readonly isOpen: boolean
  notify(method: string, params: object): void
  /** Resolves when everything said so far has left this process, or the connection has ended. */
  flush(): Promise<void>
}
