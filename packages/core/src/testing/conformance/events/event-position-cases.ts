import assert from 'node:assert/strict'

import type { EventReader } from '../../../drivers/driver.js'
import type { ConformanceCase } from '../conformance-case.js'
import { emit, openReading, range } from './event-actors.js'

/** Where a reader begins. */
export const eventPositionCases: readonly ConformanceCase[] = [
  {
    name: 'begins behind what is stored, at the latest',
    async run(context) {
      const [one, other] = [await context.events(), await context.events()]
      await emit(one, ['before'])
      const reading = await openReading(context, other, { from: 'latest' })
      await emit(one, ['after'])
      assert.deepEqual((await reading.read(1)).data, ['after'])
    },
  },
  {
    name: 'begins with the oldest kept event, at the earliest',
    needs: ['replay'],
    async run(context) {
      const [one, other] = [await context.events(), await context.events()]
      await emit(one, [1, 2])
      const reading = await openReading(context, other, { from: 'earliest' })
      await emit(one, [3])
      assert.deepEqual((await reading.read(3)).data, [1, 2, 3])
    },
  },
  {
    name: 'goes on right behind the event of a cursor',
    needs: ['replay'],
    async run(context) {
      const [one, other] = [await context.events(), await context.events()]
      const cursors = await emit(one, range(0, 5))
      for (const [index, from] of cursors.entries()) {
        const reading = await openReading(context, other, { from })
        assert.deepEqual((await reading.read(4 - index)).data, range(index + 1, 5))
        assert.deepEqual(reading.gaps, [])
      }
    },
  },
  {
    name: 'begins with the first event at or after a date',
    needs: ['replay'],
    async run(context) {
      const [one, other] = [await context.events(), await context.events()]
      await emit(one, ['before'])
      const before = Date.now()
      // Times are milliseconds, so the next one has to come.
      await context.eventually(() => Date.now() > before, 'the clock goes on')
      const from = new Date()
      await emit(one, ['after'])
      const reading = await openReading(context, other, { from })
      assert.deepEqual((await reading.read(1)).data, ['after'])
    },
  },
  {
    name: 'begins at the end for a date that is still to come',
    needs: ['replay'],
    async run(context) {
      const events = await context.events()
      await emit(events, ['before'])
      const from = new Date(Date.now() + 3_600_000)
      const reading = await openReading(context, events, { from })
      await emit(events, ['after'])
      assert.deepEqual((await reading.read(1)).data, ['after'])
    },
  },
  {
    name: 'finds nothing in a log that has never been written to',
    async run(context) {
      const events = await context.events()
      for (const from of ['latest', 'earliest'] as const) {
        const reading = await openReading(context, events, { from })
        assert.equal(reading.reader.poll(), undefined)
      }
    },
  },
  {
    name: 'refuses what is no position',
    async run(context) {
      const events = await context.events()
      for (const from of [new Date(Number.NaN), 'no cursor \u0000']) {
        // At once or when it would be ready, but not by silence.
        await assert.rejects(async () => {
          const reader: EventReader = events.openReader({ from: from as Date })
          context.defer(() => {
            reader.close()
          })
          await reader.ready
        })
      }
    },
  },
]
