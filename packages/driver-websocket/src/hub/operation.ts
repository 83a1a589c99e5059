import type { HubScope } from './access-key.js'
import type { Params } from './params.js'
import type { SessionScope } from './session-secret.js'

/** What a client can request. */
export interface Operation {
  /** The scope that its access key must have. */
  readonly scope: HubScope
  /** Whether it belongs to something in progress, so that a hub shutting down still does it. @default false */
  readonly isPart?: boolean
  /** Returns whether it can wait for others indefinitely: a hub shutting down does not wait for it. @default never */
  waits?(params: Params): boolean
  run(params: Params, request: OperationRequest): unknown
}

/** What an operation receives besides its params. */
export interface OperationRequest {
  /** Aborted when the client gives up, or has gone. */
  readonly signal: AbortSignal
}

/** Operations by method. */
export type Operations = readonly (readonly [method: string, operation: Operation])[]

/** One primitive's work for one session. */
export interface ClientPart {
  readonly operations: Operations
  /** The session continues over another connection. */
  attach?(): void
  /** The connection has ended, and what is bound to it. */
  detach?(): void
  /** The client has been away for so long that nothing should wait for it any more. */
  leave?(): void
  /** The hub is shutting down. Resolves once everything in progress besides requests has ended. */
  drain?(): Promise<void>
  /** Another hub takes the session over: leaves what it can take over, and withdraws the rest. Never rejects. */
  handOver(): Promise<void> | void
  /** The session has ended. */
  end(): void
}

/** A session's current connection. */
export interface SessionConnection {
  readonly unreadBytes: number
  notify(method: string, params: object): void
  flush(): Promise<void>
  /** Ends it: the session continues over another one. */
  replace(): void
}

/** What a part needs from its session. */
export interface Client {
  /** The session's id: never shown. */
  readonly id: string
  readonly scope: SessionScope
  /** The access key's name. */
  readonly keyName: string
  readonly leaseMs: number
  /** Bytes that the client has yet to read. */
  readonly unreadBytes: number
  /** Whether there is a connection. */
  readonly isOpen: boolean
  notify(method: string, params: object): void
  /** Resolves when everything sent so far has left this process, or the connection has ended. */
  flush(): Promise<void>
}
