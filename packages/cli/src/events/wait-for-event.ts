import type { Cursor, EventEnvelope, StartPosition } from '@cli-ops/shared-ipc'
import {
  assertPattern,
  describeDuration,
  jsonLine,
  type OpsRun,
  parseDuration,
  parseSince,
  processCreatedAt,
  say,
} from '@cli-ops/shared-ipc/ops'

import { EXIT_TIMED_OUT } from '../exit-codes.js'
import { type Condition, holds, parseCondition } from './condition.js'

/** `wait-for <event>`: ends with the first matching event. */
export const waitForEvent: OpsRun = async ({ coordinator, args, options, print, signal }) => {
  const [pattern] = args
  assertPattern(pattern, 'event')
  const conditions = ((options['where'] ?? []) as readonly string[]).map(parseCondition)
  const timeoutMs =
    options['timeout'] === undefined ? Infinity : parseDuration('--timeout', options['timeout'])
  const late = new AbortController()
  let timer: NodeJS.Timeout | undefined
  try {
    const events = coordinator.events.subscribe(pattern, {
      from: startOf(options),
      signal: AbortSignal.any([signal, late.signal]),
      onGap: () => {
        say('some events expired before they could be checked')
      },
    })
    const end = (): void => late.abort()
    // If the engine has not answered, the event might have been emitted: that is an error, not a timeout.
    const endIfReady = (): void => void events.ready.then(end, end)
    // The maximum of a timer: 24 days.
    if (timeoutMs < 2 ** 31) timer = setTimeout(endIfReady, timeoutMs)
    const event = await firstWhere(events, conditions)
    if (event !== undefined) {
      print(event, jsonLine(event.data))
      return 0
    }
  } finally {
    clearTimeout(timer)
  }
  if (!late.signal.aborted) return 0
  say(`no ${jsonLine(pattern)} event within ${describeDuration(timeoutMs)}`)
  return EXIT_TIMED_OUT
}

async function firstWhere(
  events: AsyncIterable<EventEnvelope>,
  conditions: readonly Condition[],
): Promise<EventEnvelope | undefined> {
  for await (const event of events) {
    if (conditions.every((condition) => holds(condition, event.data))) return event
  }
  return undefined
}

function startOf({ since, after }: Readonly<Record<string, unknown>>): StartPosition {
  if (after !== undefined && since !== undefined) {
    throw new TypeError('--after cannot be combined with --since')
  }
  if (after !== undefined) return after as Cursor
  // Events emitted while this program was loading count, too.
  return since === undefined ? new Date(processCreatedAt()) : parseSince('--since', since)
}
