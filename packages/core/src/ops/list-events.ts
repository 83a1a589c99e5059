import { printable, say } from '../diagnostics/message.js'
import { assertPattern } from '../events/event-pattern.js'
import type { EventEnvelope } from '../events/event-types.js'
import { parseSince } from './age.js'
import { jsonLine } from './json-line.js'
import { keptEvents } from './kept-events.js'
import type { OpsContext, OpsRun } from './ops-context.js'

/** `events`: what the log keeps, and with `--follow` what comes. */
export const listEvents: OpsRun = async (context) => {
  const { options, signal } = context
  const { type: pattern = '*', since, follow } = options
  assertPattern(pattern, '--type')
  const from = since === undefined ? 'earliest' : parseSince('--since', since)
  if (follow !== true) {
    const events = await keptEvents(context, pattern, from)
    for (const event of events) printEvent(context, event)
    // For programs, no event is no line.
    if (events.length === 0 && options['json'] !== true)
      context.print(null, 'No such event is kept.')
    return 0
  }
  const events = context.coordinator.events.subscribe(pattern, {
    from,
    signal,
    onGap: () => {
      say('some events had expired before they could be shown')
    },
  })
  for await (const event of events) printEvent(context, event)
  return 0
}

function printEvent({ print }: OpsContext, event: EventEnvelope): void {
  const { time, type, data, source } = event
  print(event, `${printable(time)}  ${printable(type)}  ${jsonLine(data)}  (${printable(source)})`)
}
