import { EventBus } from '@cli-ops/shared-ipc'

import { makeLog } from './make-log.js'
import { matches } from './matches.js'
import { type LogVector, readVectors } from './read-vectors.js'
import { runShell } from './run-shell.js'
import { failureOf, type VectorResult } from './vector-result.js'

/** The expected reading of an event. */
interface ReadEvent {
  readonly id: string
  readonly type: string
  readonly data: unknown
}

/** Runs a program that prints the kept events, one JSON object a line, on the log of each vector. */
export function tryReader(
  commandLine: string,
  timeoutMs: number,
): AsyncGenerator<VectorResult, void, undefined> {
  return tryOnLogs('read', async (vector, home) => {
    const stdout = await runShell(commandLine, [], home, timeoutMs)
    const lines = stdout.split('\n').filter((line) => line.trim() !== '')
    assertEvents(
      lines.map((line) => JSON.parse(line) as ReadEvent),
      vector,
    )
  })
}

/** Runs a program that emits an event, given its type and data, on the log of each vector, and reads the log. */
export function tryWriter(
  commandLine: string,
  timeoutMs: number,
): AsyncGenerator<VectorResult, void, undefined> {
  return tryOnLogs('emit', async (vector, home) => {
    const type = 'conformance:emitted'
    const data = { text: 'ü\n', to: vector.name }
    await runShell(commandLine, [type, JSON.stringify(data)], home, timeoutMs)
    await using bus = new EventBus<Record<string, unknown>>({ home, url: 'local:', namespace: '' })
    const events = await bus.read('*', { from: 'earliest' })
    const last = events.at(-1)
    if (!matches(last, { type, data: { $only: data } }))
      throw new Error(`the emitted event must be the last one, got ${JSON.stringify(last)}`)
    assertEvents(events.slice(0, -1), vector)
  })
}

async function* tryOnLogs(
  what: string,
  attempt: (vector: LogVector, home: string) => Promise<void>,
): AsyncGenerator<VectorResult, void, undefined> {
  for (const vector of await readVectors('log')) {
    const name = `${vector.name} (${what})`
    const reason = await failureOf(() => tryOnLog(vector, attempt))
    yield reason === undefined
      ? { vector: name, outcome: 'passed' }
      : { vector: name, outcome: 'failed', reason }
  }
}

async function tryOnLog(
  vector: LogVector,
  attempt: (vector: LogVector, home: string) => Promise<void>,
): Promise<void> {
  await using log = await makeLog(vector)
  await attempt(vector, log.home)
}

function assertEvents(events: readonly ReadEvent[], vector: LogVector): void {
  const ids = events.map(({ id }) => id)
  if (!matches(ids, vector.events))
    throw new Error(`expected ${JSON.stringify(vector.events)}, got ${JSON.stringify(ids)}`)
  for (const [id, data] of Object.entries(vector.data ?? {})) {
    const read = events.find((event) => event.id === id)?.data
    if (!matches(read, data))
      throw new Error(
        `the data of ${id} must be ${JSON.stringify(data)}, got ${JSON.stringify(read)}`,
      )
  }
}
