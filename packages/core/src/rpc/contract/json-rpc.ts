import { isObject } from '../../base/validation/is-object.js'

/** The messages of JSON-RPC 2.0 (https://www.jsonrpc.org/specification), with two members added by the kit. */

/** The id of a request and its reply. */
export type RpcId = string | number | null

/** A request, or a notification if `id` is missing. */
export interface WireRequest {
  readonly jsonrpc: '2.0'
  readonly id?: RpcId
  readonly method: string
  readonly params?: unknown
  /** Milliseconds that the caller still waits, counted from the send, so clocks need not agree. */
  readonly timeoutMs?: number | null
  /** W3C Trace Context of the caller. */
  readonly traceparent?: string | null
}

/** The `error` member of a reply. */
export interface WireError {
  readonly code: number
  readonly message: string
  readonly data?: unknown
}

/** A reply. */
export type WireReply =
  | { readonly jsonrpc: '2.0'; readonly id: RpcId; readonly result: unknown }
  | { readonly jsonrpc: '2.0'; readonly id: RpcId; readonly error: WireError }

/** Error codes: the specification's, the kit's own in the range for servers, and one from the language server protocol. */
export const RPC_ERROR = {
  parse: -32700,
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  internal: -32603,
  /** The handler failed. */
  handler: -32000,
  messageTooLarge: -32001,
  /** The request's own `timeoutMs` passed. */
  deadline: -32002,
  /** The server is closing and has not started the request. */
  closing: -32003,
  /** Cancelled by `$/cancelRequest`. */
  cancelled: -32800,
} as const

/** Methods that the kit itself answers or calls. */
export const RPC_METHOD = {
  cancel: '$/cancelRequest',
  progress: '$/progress',
  ping: '$/ping',
  /** The server's running and recent requests. */
  requests: '$/requests',
  /** The server starts no further requests on this connection. */
  closing: '$/closing',
} as const

/** Ids are sent back, so a megabyte is not a valid id. */
const MAX_ID_LENGTH = 1024

/** Returns whether a message is a request or notification. */
export function isRequest(message: unknown): message is WireRequest {
  if (!isObject(message)) return false
  const { jsonrpc, id, method, timeoutMs, traceparent } = message
  return (
    jsonrpc === '2.0' &&
    typeof method === 'string' &&
    (id === undefined || isId(id)) &&
    (isAbsent(timeoutMs) || (typeof timeoutMs === 'number' && timeoutMs >= 0)) &&
    (isAbsent(traceparent) || typeof traceparent === 'string')
  )
}

/** Returns whether a message is a reply. */
export function isReply(message: unknown): message is WireReply {
  if (!isObject(message)) return false
  const { jsonrpc, id, method, error } = message
  if (jsonrpc !== '2.0' || method !== undefined || !isId(id)) return false
  return isAbsent(error) ? 'result' in message : isWireError(error)
}

/** Returns the id of an invalid request, if it has a usable one. */
export function idOf(message: unknown): RpcId {
  const id = isObject(message) ? message['id'] : undefined
  return isId(id) ? id : null
}

function isId(id: unknown): id is RpcId {
  if (typeof id === 'string') return id.length <= MAX_ID_LENGTH
  if (typeof id !== 'number') return id === null
  // Beyond 2^53 it was parsed as a different number, which would be sent back.
  return Number.isFinite(id) && (!Number.isInteger(id) || Number.isSafeInteger(id))
}

/** Many languages write missing members as `null`. */
function isAbsent(member: unknown): member is null | undefined {
  return member === undefined || member === null
}

function isWireError(error: unknown): error is WireError {
  return (
    isObject(error) && typeof error['code'] === 'number' && typeof error['message'] === 'string'
  )
}
