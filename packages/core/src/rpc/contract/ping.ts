import { isObject } from '../../base/validation/is-object.js'
import { isReply, RPC_METHOD, type WireRequest } from './json-rpc.js'

/** The id of the one ping that begins a connection; requests count from 1. */
const PING_ID = 0

/** What a server says of itself in answer to a ping. */
export interface Pong {
  readonly name: string
  readonly instance: string
  readonly pid: number
  /** Larger requests are refused. */
  readonly maxMessageBytes: number
}

/** Makes the first message of a connection. */
export function createPing(): WireRequest {
  return { jsonrpc: '2.0', id: PING_ID, method: RPC_METHOD.ping }
}

/** Tells whether a message answers the ping, in whatever words: any answer is a sign of life. */
export function isPong(message: unknown): boolean {
  return isReply(message) && message.id === PING_ID
}

/** Reads the answer to the ping; `undefined` for an answer that this kit does not give. */
export function readPong(message: unknown): Pong | undefined {
  if (!isReply(message) || !('result' in message)) return undefined
  const pong = message.result
  if (!isObject(pong) || typeof pong['instance'] !== 'string') return undefined
  const { name, instance, pid, maxMessageBytes } = pong
  if (typeof name !== 'string' || typeof pid !== 'number' || typeof maxMessageBytes !== 'number')
    return undefined
  return { name, instance, pid, maxMessageBytes }
}
