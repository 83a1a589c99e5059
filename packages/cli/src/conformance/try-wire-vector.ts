import { expand } from './expand.js'
import { matches, unmatched } from './matches.js'
import type { WireStep, WireVector } from './read-vectors.js'
import { type Framing, WireConnection } from './wire-connection.js'

/** The server under test. */
export interface TriedServer {
  readonly endpoint: string
  readonly maxMessageBytes: number
  /** How long to wait for a message. */
  readonly timeoutMs: number
}

const LAST_PING = { jsonrpc: '2.0', id: 'cli-ops conformance', method: '$/ping' }

/** Runs one vector over its own connection. @throws Error that describes the difference */
export async function tryWireVector(
  server: TriedServer,
  vector: WireVector,
  framing: Framing,
): Promise<void> {
  const expansion = { index: 0, max: server.maxMessageBytes }
  const steps = expand(vector.send, expansion) as readonly WireStep[]
  const patterns = expand(vector.receive, expansion) as readonly unknown[]
  const connection = new WireConnection(server.endpoint, framing)
  const next = async (): Promise<unknown> => {
    const message = await connection.next(AbortSignal.timeout(server.timeoutMs))
    assertMessage(message)
    return message
  }
  try {
    for (const step of steps) {
      if ('message' in step) connection.send(step.message)
      else if ('end' in step) connection.end()
      else if (vector.bytewise === true) await connection.writeBytes(step.text)
      else connection.write(step.text)
    }
    const received: unknown[] = []
    try {
      while (received.length < patterns.length) received.push(await next())
    } catch (error) {
      const message = `${(error as Error).message}; ${differences(received, patterns)}`
      throw new Error(message, { cause: error })
    }
    if (vector.ordered === true ? !matches(received, patterns) : unmatched(received, patterns))
      throw new Error(differences(received, patterns))
    if (vector.ends === true) {
      await connection.closed(AbortSignal.timeout(server.timeoutMs))
      return
    }
    connection.send(LAST_PING)
    const last = await next()
    if (!matches(last, { id: LAST_PING.id, result: {} }))
      throw new Error(`nothing more was expected, got ${brief(last)}`)
  } finally {
    connection.destroy()
  }
}

/** Checks that a message has the form that JSON-RPC 2.0 requires. */
function assertMessage(message: unknown): void {
  if (Array.isArray(message)) {
    for (const reply of message) assertMessage(reply)
    return
  }
  const version = { jsonrpc: '2.0' }
  const isNotification = matches(message, { ...version, method: { $type: 'string' } })
  const isReply = matches(message, version) && Object.hasOwn(message as object, 'id')
  const isError = matches(message, {
    error: { code: { $type: 'number' }, message: { $type: 'string' } },
  })
  const isResult = typeof message === 'object' && message !== null && 'result' in message
  if (!isNotification && !(isReply && isError !== isResult))
    throw new Error(`not a JSON-RPC 2.0 message: ${brief(message)}`)
}

function differences(received: readonly unknown[], patterns: readonly unknown[]): string {
  const left = unmatched(received, patterns)
  if (left === undefined) return `they arrived in this order: ${brief(received)}`
  const missing = left.patterns.map(brief).join(', ')
  return left.values.length === 0
    ? `missing: ${missing}`
    : `expected ${missing || 'nothing more'}, got ${left.values.map(brief).join(', ')}`
}

function brief(value: unknown): string {
  const text = JSON.stringify(value)
  return text.length > 300 ? `${text.slice(0, 300)}…` : text
}
