import { isObject } from '../../base/validation/is-object.js'
import { isReply, RPC_METHOD, type WireRequest } from './json-rpc.js'

/** The id of the ping that starts a connection; requests count from 1. */
const PING_ID = 0

/** What a server says about itself in its answer to a ping. */
export interface Pong {
  readonly name: string
  readonly instance: string
  readonly pid: number
  /** Larger requests are refused. */
  readonly maxMessageBytes: number
}

/** Creates the first message of a connection. */
export function createPing(): WireRequest {
  return { jsonrpc: '2.0', id: PING_ID, method: RPC_METHOD.ping }
}

/** Returns whether a message answers the ping, whatever it contains: any answer is a sign of life. */
export function isPong(message: unknown): boolean {
  return isReply(message) && message.id === PING_ID
}

/** Parses the answer to the ping; `undefined` if it did not come from this kit. */
export function readPong(message: unknown): Pong | undefined {
  if (!isReply(message) || !('result' in message)) return undefined
  const pong = message.result
  if (!isObject(pong) || typeof pong['instance'] !== 'string') return undefined
  const { name, instance, pid, maxMessageBytes } = pong
  if (typeof name !== 'string' || typeof pid !== 'number' || typeof maxMessageBytes !== 'number')
    return undefined
  return { name, instance, pid, maxMessageBytes }
}
