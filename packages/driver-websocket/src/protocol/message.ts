import { parseJson } from '@cli-ops/shared-ipc/driver'

/** JSON that was made already, to be sent as it is. */
export class RawJson {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

/** A message as it came: JSON-RPC 2.0. Nothing in it is to be trusted. */
export interface WireMessage {
  readonly id?: unknown
  readonly method?: string
  readonly params?: Readonly<Record<string, unknown>>
  readonly result?: unknown
  readonly error?: unknown
}

/** Carries messages for the handlers of users. */
export const RPC_DATA = 'rpc.data'

/** Writes a request, or a notification where there is no id. */
export function encodeRequest(method: string, params: object, id?: number): string {
  const body = params instanceof RawJson ? params.text : JSON.stringify(params)
  const head = id === undefined ? '' : `"id":${id},`
  return `{"jsonrpc":"2.0",${head}"method":"${method}","params":${body}}`
}

/** Reads a message; `undefined` for what is none. */
export function decodeMessage(data: Buffer): WireMessage | undefined {
  const text = data.toString('utf8')
  try {
    const message = toMessage(JSON.parse(text))
    // An event is delivered as it was stored; what handlers of requests are given has no prototypes to fall into.
    return message?.method === RPC_DATA && isSuspect(text) ? toMessage(parseJson(text)) : message
  } catch {
    // Not JSON, or nested too deeply to be read.
    return undefined
  }
}

function toMessage(value: unknown): WireMessage | undefined {
  if (!isObject(value)) return undefined
  const { id, method, params, result, error } = value
  if (method === undefined) return { id, result, error }
  if (typeof method !== 'string' || (params !== undefined && !isObject(params))) return undefined
  return { id, method, ...(params !== undefined && { params }) }
}

function isSuspect(text: string): boolean {
  return text.includes('__proto__') || text.includes('\\u005')
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
