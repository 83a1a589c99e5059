import { matches } from './matches.js'
import { readVectors, type WireVector } from './read-vectors.js'
import { type TriedServer, tryWireVector } from './try-wire-vector.js'
import { failureOf, type VectorResult } from './vector-result.js'
import { type Framing, WireConnection } from './wire-connection.js'

/** The error code of a method that the server does not have. */
const METHOD_NOT_FOUND = -32601

/** Runs all wire vectors against the server at an endpoint, one after the other. */
export async function* tryServer(
  endpoint: string,
  timeoutMs: number,
): AsyncGenerator<VectorResult, void, undefined> {
  const vectors = await readVectors('wire')
  const asked = new Set(vectors.flatMap(({ serves = [] }) => serves))
  let looked: Look
  try {
    looked = await look(endpoint, asked, timeoutMs)
  } catch (error) {
    const reason = (error as Error).message
    yield { vector: 'a ping, and a call of each method', outcome: 'failed', reason }
    return
  }
  const { maxMessageBytes, missing } = looked
  const server: TriedServer = { endpoint, maxMessageBytes, timeoutMs }
  for (const vector of vectors) {
    const lacks = vector.serves?.filter((method) => missing.has(method)) ?? []
    for (const framing of framingsOf(vector)) {
      const tried = `${vector.name} (${framing})`
      if (lacks.length > 0) {
        yield { vector: tried, outcome: 'skipped', reason: `${lacks.join(', ')} is not served` }
        continue
      }
      const reason = await failureOf(() => tryWireVector(server, vector, framing))
      yield reason === undefined
        ? { vector: tried, outcome: 'passed' }
        : { vector: tried, outcome: 'failed', reason }
    }
  }
}

function framingsOf({ framing }: WireVector): readonly Framing[] {
  return framing === undefined ? ['lines', 'content-length'] : [framing]
}

/** What the server reports about itself, and the methods that it does not have. */
interface Look {
  readonly maxMessageBytes: number
  readonly missing: ReadonlySet<string>
}

async function look(
  endpoint: string,
  methods: ReadonlySet<string>,
  timeoutMs: number,
): Promise<Look> {
  const connection = new WireConnection(endpoint, 'lines')
  try {
    connection.send({ jsonrpc: '2.0', id: 0, method: '$/ping' })
    const pong = await connection.next(AbortSignal.timeout(timeoutMs))
    if (!isPong(pong))
      throw new Error(`the answer to $/ping has no maxMessageBytes, got ${JSON.stringify(pong)}`)
    const { maxMessageBytes } = pong.result
    const missing = new Set<string>()
    for (const method of methods) {
      // The deadline ends a handler that never ends.
      connection.send({ jsonrpc: '2.0', id: method, method, params: 0, timeoutMs: 100 })
      const reply = await replyTo(connection, method, timeoutMs)
      if (matches(reply, { error: { code: METHOD_NOT_FOUND } })) missing.add(method)
    }
    return { maxMessageBytes, missing }
  } finally {
    connection.destroy()
  }
}

/** Progress messages can come before it. */
async function replyTo(
  connection: WireConnection,
  id: string,
  timeoutMs: number,
): Promise<unknown> {
  for (;;) {
    const message = await connection.next(AbortSignal.timeout(timeoutMs))
    if (matches(message, { id })) return message
  }
}

function isPong(
  message: unknown,
): message is { readonly result: { readonly maxMessageBytes: number } } {
  return matches(message, { result: { maxMessageBytes: { $type: 'number' } } })
}
