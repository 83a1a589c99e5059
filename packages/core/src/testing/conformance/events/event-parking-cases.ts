import assert from 'node:assert/strict'

import type {
  EventDriver,
  EventParking,
  GroupLedger,
} from '../../../events/contract/event-driver.js'
import type { ParkedEvent } from '../../../events/contract/parked-event.js'
import type { EventEnvelope } from '../../../events/contract/event-types.js'
import type { ConformanceCase } from '../harness/conformance-case.js'
import { emit, openReading, type Reading } from './event-actors.js'

const GROUP = { from: 'latest', group: 'board' } as const

/** A group's record of events that its handler fails on. */
export const eventParkingCases: readonly ConformanceCase[] = [
  {
    name: 'counts the attempts of a group across its readers',
    needs: ['parking'],
    async run(context) {
      const [one, other] = [await context.events(), await context.events()]
      const first = await openReading(context, one, GROUP)
      await emit(one, [1, 2])
      await first.read(2)
      const [event, next] = first.events as [EventEnvelope, EventEnvelope]
      assert.equal(await ledgerOf(first).countAttempt(event.cursor), 1)
      assert.equal(await ledgerOf(first).countAttempt(event.cursor), 2)
      first.reader.close()
      const second = await openReading(context, other, GROUP)
      await second.read(2)
      assert.equal(await ledgerOf(second).countAttempt(event.cursor), 3)
      assert.equal(await ledgerOf(second).countAttempt(next.cursor), 1)
      await second.reader.commit(event.cursor)
      second.reader.close()
      const third = await openReading(context, one, GROUP)
      await third.read(1)
      assert.equal(await ledgerOf(third).countAttempt(next.cursor), 2)
    },
  },
  {
    name: 'forgets the attempts at a handled event, even if a crash came before the commit',
    needs: ['parking'],
    async run(context) {
      const [one, other] = [await context.events(), await context.events()]
      const first = await openReading(context, one, GROUP)
      await emit(one, ['good', 'deadly'])
      await first.read(2)
      const [good, deadly] = first.events as [EventEnvelope, EventEnvelope]
      await ledgerOf(first).countAttempt(good.cursor)
      ledgerOf(first).finish(good.cursor)
      await ledgerOf(first).countAttempt(deadly.cursor)
      first.reader.close()
      const second = await openReading(context, other, GROUP)
      await second.read(2)
      assert.equal(await ledgerOf(second).countAttempt(good.cursor), 1)
      ledgerOf(second).finish(good.cursor)
      assert.equal(await ledgerOf(second).countAttempt(deadly.cursor), 2)
    },
  },
  {
    name: 'parks a complete event in its own group only, and counts from 1 again',
    needs: ['parking'],
    async run(context) {
      const [one, other] = [await context.events(), await context.events()]
      const { reading, event } = await parkOne(one, context, { list: ['a', 1] })
      assert.equal(await ledgerOf(reading).countAttempt(event.cursor), 1)
      const parking = parkingOf(other)
      assert.deepEqual(await parking.list('board'), [parkedAs(event)])
      assert.deepEqual(await parking.groups(), [{ group: 'board', count: 1 }])
      assert.deepEqual(await parking.list('search'), [])
      assert.deepEqual(await parking.list('board', parkedAs(event)), [])
      // As after a crash between parking and commit.
      await ledgerOf(reading).park(parkedAs(event))
      assert.equal((await parking.list('board')).length, 1)
    },
  },
  {
    name: 'gives a requested retry to the active reader once, and forgets it when handled',
    needs: ['parking'],
    async run(context) {
      const [one, other] = [await context.events(), await context.events()]
      const { reading, event } = await parkOne(one, context, 'poison')
      const parking = parkingOf(other)
      assert.equal(await parking.retry('board', 'unknown'), 0)
      assert.equal(await parking.retry('board', event.id), 1)
      const retries = await readRetries(reading)
      assert.deepEqual(retries, [{ ...parkedAs(event), retry: true }])
      await emit(one, ['news'])
      await reading.read(2)
      assert.deepEqual(reading.data, ['poison', 'news'])
      await ledgerOf(reading).unpark(event)
      assert.deepEqual(await parking.list('board'), [])
    },
  },
  {
    name: 'gives an unsettled retry to the next reader of the group',
    needs: ['parking'],
    async run(context) {
      const [one, other] = [await context.events(), await context.events()]
      const { reading, event } = await parkOne(one, context, 'poison')
      await reading.reader.commit(event.cursor)
      await parkingOf(one).retry('board')
      await readRetries(reading)
      reading.reader.close()
      const next = await openReading(context, other, GROUP)
      assert.equal((await readRetries(next))[0]?.event.id, event.id)
    },
  },
  {
    name: 'drops a parked event',
    needs: ['parking'],
    async run(context) {
      const events = await context.events()
      const { event } = await parkOne(events, context, 'poison')
      const parking = parkingOf(events)
      assert.equal(await parking.drop('board', 'unknown'), 0)
      assert.equal(await parking.drop('board', event.id), 1)
      assert.deepEqual(await parking.list('board'), [])
      assert.deepEqual(await parking.groups(), [])
      assert.equal(await parking.retry('board'), 0)
    },
  },
  {
    name: 'lists many parked events in the order of the log, in pages',
    needs: ['parking'],
    async run(context) {
      const events = await context.events()
      const reading = await openReading(context, events, GROUP)
      const numbers = Array.from({ length: 150 }, (_, index) => index)
      await emit(events, numbers)
      await reading.read(numbers.length)
      for (const event of reading.events.toReversed()) await ledgerOf(reading).park(parkedAs(event))
      const listed: unknown[] = []
      let last: ParkedEvent | undefined
      do {
        const piece = await parkingOf(events).list('board', last)
        listed.push(...piece.map(({ event }) => event.data))
        last = piece.at(-1)
      } while (last !== undefined)
      assert.deepEqual(listed, numbers)
    },
  },
  {
    name: 'has a ledger only for the active reader of a group',
    needs: ['parking'],
    async run(context) {
      const [one, other] = [await context.events(), await context.events()]
      await openReading(context, one, GROUP)
      const standby = other.openReader(GROUP)
      context.defer(() => {
        standby.close()
      })
      assert.equal(standby.ledger, undefined)
    },
  },
  {
    name: 'has parked events exactly if it claims them',
    async run(context) {
      const { capabilities, events } = await context.driver()
      assert.equal(events?.parking !== undefined, capabilities.parking === true)
    },
  },
]

async function parkOne(
  events: EventDriver,
  context: Parameters<ConformanceCase['run']>[0],
  datum: unknown,
): Promise<{ readonly reading: Reading; readonly event: EventEnvelope }> {
  const reading = await openReading(context, events, GROUP)
  await emit(events, [datum])
  const [event] = (await reading.read(1)).events as [EventEnvelope]
  await ledgerOf(reading).countAttempt(event.cursor)
  await ledgerOf(reading).park(parkedAs(event))
  return { reading, event }
}

function parkedAs(event: EventEnvelope): ParkedEvent {
  return { event, attempts: 5, error: 'boom', parkedAt: '2030-01-02T03:04:05.678Z', retry: false }
}

/** Reads until there are events to retry. A reader polls when it waits. */
async function readRetries({ reader }: Reading): Promise<readonly ParkedEvent[]> {
  const signal = AbortSignal.timeout(10_000)
  for (;;) {
    const batch = reader.poll()
    if (batch?.retries !== undefined && batch.retries.length > 0) return batch.retries
    if (batch === undefined) await reader.wait(signal)
  }
}

function ledgerOf({ reader }: Reading): GroupLedger {
  assert.ok(reader.ledger !== undefined, 'the active reader of a group must have a ledger')
  return reader.ledger
}

function parkingOf({ parking }: EventDriver): EventParking {
  assert.ok(parking !== undefined, 'the driver must have parked events')
  return parking
}
