import assert from 'node:assert/strict'

import type { EventReader } from '../../../drivers/driver.js'
import type { ConformanceCase } from '../harness/conformance-case.js'
import { emit, openReading, range } from './event-actors.js'

/** Where a reader starts. */
export const eventPositionCases: readonly ConformanceCase[] = [
  {
    name: 'starts after the stored events, at the latest',
    async run(context) {
      const [one, other] = [await context.events(), await context.events()]
      await emit(one, ['before'])
      const reading = await openReading(context, other, { from: 'latest' })
      await emit(one, ['after'])
      assert.deepEqual((await reading.read(1)).data, ['after'])
    },
  },
  {
    name: 'starts with the oldest kept event, at the earliest',
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
    name: 'continues right after the event of a cursor',
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
    name: "continues at another reader's position, if that reader reports it",
    needs: ['replay'],
    async run(context) {
      const [one, other] = [await context.events(), await context.events()]
      for (const from of ['latest', 'earliest'] as const) {
        await emit(one, [`before ${from}`])
        const reading = await openReading(context, one, { from })
        const { position } = reading.reader
        if (position === undefined) return
        await emit(one, [`after ${from}`])
        const same = await openReading(context, other, { from: position })
        await reading.readUpTo(`after ${from}`)
        await same.readUpTo(`after ${from}`)
        assert.deepEqual(same.data, reading.data)
        const { position: behind } = reading.reader
        assert.ok(behind !== undefined)
        const rest = await openReading(context, other, { from: behind })
        await emit(one, [`last ${from}`])
        await rest.readUpTo(`last ${from}`)
        assert.deepEqual(rest.data, [`last ${from}`])
        assert.deepEqual([...same.gaps, ...rest.gaps], [])
      }
    },
  },
  {
    name: 'reports a position after the events taken, and before the rest',
    needs: ['replay'],
    async run(context) {
      const events = await context.events()
      // More than one poll returns.
      await emit(events, range(0, 600))
      const { reader } = await openReading(context, events, { from: 'earliest' })
      if (reader.position === undefined) return
      const taken: unknown[] = []
      while (taken.length === 0) {
        await context.settled(reader.wait(new AbortController().signal), 'an event is there')
        taken.push(...(reader.poll()?.events ?? []).map(({ data }) => data))
      }
      const rest = await openReading(context, events, { from: reader.position })
      await rest.read(600 - taken.length)
      assert.deepEqual([...taken, ...rest.data], range(0, 600))
    },
  },
  {
    name: 'starts with the first event at or after a date',
    needs: ['replay'],
    async run(context) {
      const [one, other] = [await context.events(), await context.events()]
      await emit(one, ['before'])
      const before = Date.now()
      // Times have millisecond resolution, so wait for the next one.
      await context.eventually(() => Date.now() > before, 'the clock goes on')
      const from = new Date()
      await emit(one, ['after'])
      const reading = await openReading(context, other, { from })
      assert.deepEqual((await reading.read(1)).data, ['after'])
    },
  },
  {
    name: 'starts at the end for a date in the future',
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
    name: 'finds nothing in a log that was never written to',
    async run(context) {
      const events = await context.events()
      for (const from of ['latest', 'earliest'] as const) {
        const reading = await openReading(context, events, { from })
        assert.equal(reading.reader.poll(), undefined)
      }
    },
  },
  {
    name: 'refuses an invalid position',
    async run(context) {
      const events = await context.events()
      for (const from of [new Date(Number.NaN), 'no cursor \u0000']) {
        // It must reject immediately or instead of becoming ready, not stay silent.
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
