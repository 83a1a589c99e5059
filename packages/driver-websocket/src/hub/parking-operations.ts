import {
  CliOpsError,
  type Cursor,
  type EventEnvelope,
  type EventParking,
  type EventReader,
  type GroupLedger,
  type ParkedEvent,
} from '@cli-ops/shared-ipc/driver'

import { cursorIn, toRecord } from './event-params.js'
import type { HubNamespace } from './hub-namespace.js'
import type { Operations } from './operation.js'
import { arrayIn, integerIn, nameIn, objectIn, optionalNameIn, type Params } from './params.js'

/** The most an answer holds, except for a single event. */
const MAX_LIST_CHARACTERS = 256 * 1024
const MAX_ATTEMPTS = 1_000_000
const MAX_ERROR = 4_096
const MAX_FINISHED = 1_000

/** Returns the operations on a client's attempts and parked events. */
export function parkingOperations(
  namespace: HubNamespace,
  readerOf: (params: Params) => EventReader | undefined,
): Operations {
  const ledgerOf = (params: Params): GroupLedger => {
    const ledger = readerOf(params)?.ledger
    if (ledger !== undefined) return ledger
    throw new CliOpsError('CLOSED', 'another reader of the group is active')
  }
  const parking = async (): Promise<EventParking> => {
    const events = await namespace.events()
    if (events.parking !== undefined) return events.parking
    throw new CliOpsError('UNSUPPORTED', "the hub's store cannot park events")
  }
  return [
    [
      'events.attempt',
      {
        scope: 'read',
        run: async (params) => {
          const ledger = ledgerOf(params)
          const { finished = [] } = params
          for (const cursor of arrayIn({ finished }, 'finished', MAX_FINISHED))
            ledger.finish(cursorIn({ cursor }, 'cursor'))
          return ledger.countAttempt(cursorIn(params, 'cursor'))
        },
      },
    ],
    [
      'events.park',
      {
        scope: 'read',
        run: async (params) => {
          // If the store cannot park, report that, and not that the reader has lost its group.
          await parking()
          await ledgerOf(params).park(parkedIn(params))
          return null
        },
      },
    ],
    [
      'events.unpark',
      {
        scope: 'read',
        run: async (params) => {
          await ledgerOf(params).unpark(placeIn(params))
          return null
        },
      },
    ],
    ['events.groups', { scope: 'read', run: async () => (await parking()).groups() }],
    [
      'events.parked',
      {
        scope: 'read',
        run: async (params) => {
          const after = params['after'] === undefined ? undefined : afterIn(params)
          return firstOf(await (await parking()).list(nameIn(params, 'group'), after))
        },
      },
    ],
    [
      'events.retry',
      {
        scope: 'emit',
        run: async (params) =>
          (await parking()).retry(nameIn(params, 'group'), optionalNameIn(params, 'id')),
      },
    ],
    [
      'events.drop',
      {
        scope: 'emit',
        run: async (params) =>
          (await parking()).drop(nameIn(params, 'group'), nameIn(params, 'id')),
      },
    ],
  ]
}

function firstOf(events: readonly ParkedEvent[]): ParkedEvent[] {
  const first: ParkedEvent[] = []
  let characters = 0
  for (const parked of events) {
    characters += JSON.stringify(parked).length
    if (first.length > 0 && characters > MAX_LIST_CHARACTERS) break
    first.push(parked)
  }
  return first
}

function parkedIn(params: Params): ParkedEvent {
  const { parkedAt, error } = params
  if (typeof parkedAt !== 'string' || Number.isNaN(Date.parse(parkedAt)))
    throw new TypeError('parkedAt must be a date of RFC 3339')
  const { event } = toRecord(params['event'])
  return {
    event: { ...event, cursor: cursorIn(objectIn(params, 'event'), 'cursor') },
    attempts: integerIn(params, 'attempts', 1, MAX_ATTEMPTS),
    error: String(error).slice(0, MAX_ERROR),
    parkedAt,
    retry: false,
  }
}

/** Returns where an event is: all that a store needs to know of an event that it has. */
function placeIn(params: Params): EventEnvelope {
  return {
    cursor: cursorIn(params, 'cursor'),
    id: nameIn(params, 'id'),
  } satisfies { readonly cursor: Cursor; readonly id: string } as EventEnvelope
}

function afterIn(params: Params): ParkedEvent {
  return { event: placeIn(objectIn(params, 'after')) } as ParkedEvent
}
