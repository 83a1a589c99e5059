import type { EventEnvelope } from '../events/event-types.js'
import type { OpsContext, OpsRun } from './ops-context.js'
import { parseSince } from './age.js'

/** `events`: what the log keeps, and with `--follow` what comes. */
export const listEvents: OpsRun = async (context) => {
  const { coordinator, options } = context
  const pattern = typeof options['type'] === 'string' ? options['type'] : '*'
  const from =
    typeof options['since'] === 'string' ? parseSince('--since', options['since']) : 'earliest'
  if (options['follow'] === true) {
    for await (const event of coordinator.events.subscribe(pattern, { from }))
      printEvent(context, event)
    return 0
  }
  for (const event of await coordinator.events.read(pattern, { from })) printEvent(context, event)
  return 0
}

function printEvent({ print }: OpsContext, event: EventEnvelope): void {
  print(event, `${event.time}  ${event.type}  ${JSON.stringify(event.data)}  (${event.source})`)
}
