import { say } from '../base/terminal/message.js'
import { printable } from '../base/terminal/printable.js'
import { assertPattern } from '../events/event-pattern.js'
import type { EventEnvelope, StartPosition } from '../events/contract/event-types.js'
import { assertName } from '../base/names/assert-name.js'
import { parseSince } from '../base/terminal/parse-since.js'
import { jsonLine } from '../base/terminal/json-line.js'
import { keptEvents } from './kept-events.js'
import type { OpsContext, OpsRun } from './ops-context.js'

/**
 * `events`: shows the kept events; with `--group`, those that the group has not seen; with `--follow`, new ones too.
 */
export const listEvents: OpsRun = async (context) => {
  const { options, signal } = context
  const { type: pattern = '*', group, follow } = options
  assertPattern(pattern, '--type')
  if (group !== undefined) assertName('--group', group)
  const from = startOf(options)
  if (follow !== true && group === undefined) {
    sayNoneOf(context, printAll(context, await keptEvents(context, pattern, from, sayGap)))
    return 0
  }
  const events = context.coordinator.events.subscribe(pattern, {
    from,
    group,
    signal,
    wait: follow === true,
    onGap: sayGap,
  })
  let count = 0
  for await (const event of events) count += printAll(context, [event])
  sayNoneOf(context, count)
  return 0
}

function sayGap(): void {
  say('some events expired before they could be shown')
}

function startOf({ since, after }: OpsContext['options']): StartPosition {
  if (after === undefined) return since === undefined ? 'earliest' : parseSince('--since', since)
  assertName('--after', after)
  if (since === undefined) return after as StartPosition
  throw new TypeError('--after cannot be combined with --since')
}

function printAll({ print }: OpsContext, events: readonly EventEnvelope[]): number {
  for (const event of events) {
    const { time, type, data, source } = event
    print(
      event,
      `${printable(time)}  ${printable(type)}  ${jsonLine(data)}  (${printable(source)})`,
    )
  }
  return events.length
}

/** JSON output prints no line for an empty result, and `--follow` waits for the first event. */
function sayNoneOf({ options, print }: OpsContext, count: number): void {
  if (count > 0 || options['json'] === true || options['follow'] === true) return
  print(null, options['group'] === undefined ? 'No matching events.' : 'No new matching events.')
}
