import type { HubScope } from './hub-token.js'
import type { Params } from './params.js'

/** What a client may ask for. */
export interface Operation {
  /** What its token has to be good for. */
  readonly scope: HubScope
  /** @param signal aborted when the client gives up, or has gone */
  run(params: Params, signal: AbortSignal): unknown
}

/** Operations by method. */
export type Operations = readonly (readonly [method: string, operation: Operation])[]

/** What one primitive does for one connection. */
export interface ClientPart {
  readonly operations: Operations
  /** The connection has ended. */
  end(): void
}

/** What a part needs of its connection. */
export interface Client {
  /** Name of its token. */
  readonly token: string
  readonly leaseMs: number
  /** Bytes that wait to be read by the client. */
  readonly bufferedBytes: number
  readonly isOpen: boolean
  notify(method: string, params: object): void
  /** As {@link notify}. Resolves when the message has left this process, or the connection has ended. */
  push(method: string, params: object): Promise<void>
}
