import assert from 'node:assert/strict'

import type { Driver, EventDriver } from '../../../drivers/driver.js'
import type { CaseContext } from '../harness/case-context.js'
import type { ConformanceCase } from '../harness/conformance-case.js'
import { SHORT_LIMITS } from '../harness/engine-faults.js'
import { emit, openReading, range } from '../events/event-actors.js'

/** Events while the engine, or the connection to it, fails. */
export const eventFaultCases: readonly ConformanceCase[] = [
  {
    name: 'delivers events stored during a cut once, afterwards',
    needs: ['openLink'],
    async run(context) {
      const link = await context.link()
      const events = await context.events()
      const reading = await openReading(context, eventsOf(await context.driverOver(link)), {
        from: 'latest',
      })
      await emit(events, [1])
      await reading.read(1)
      link.cut()
      await emit(events, [2, 3])
      link.heal()
      await emit(events, [4])
      assert.deepEqual((await reading.read(4)).data, [1, 2, 3, 4])
      assert.deepEqual(reading.gaps, [])
    },
  },
  {
    name: 'delivers all events once, across connection resets',
    needs: ['openLink'],
    async run(context) {
      const link = await context.link()
      const events = await context.events()
      const reading = await openReading(context, eventsOf(await context.driverOver(link)), {
        from: 'latest',
      })
      for (const round of range(0, 5)) {
        await emit(events, range(round * 10, round * 10 + 5))
        link.reset()
        await emit(events, range(round * 10 + 5, round * 10 + 10))
        await reading.read((round + 1) * 10)
      }
      assert.deepEqual(reading.data, range(0, 50))
      assert.deepEqual(reading.gaps, [])
    },
  },
  {
    name: 'loses nothing silently in an engine crash',
    needs: ['kill'],
    async run(context) {
      const events = eventsOf(await context.openAt(SHORT_LIMITS))
      const reading = await openReading(context, eventsOf(await context.openAt(SHORT_LIMITS)), {
        from: 'latest',
      })
      await emit(events, range(0, 20))
      const restart = await context.kill()
      await restart()
      await emitAtLast(context, events, 'after')
      await reading.readUpTo('after')
      const numbers = reading.data.filter((datum) => typeof datum === 'number')
      assert.deepEqual(
        numbers,
        [...new Set(numbers)].sort((a, b) => a - b),
      )
      if (numbers.length < 20) assert.ok(reading.gaps.length > 0, 'what is missing is reported')
    },
  },
  {
    name: "continues at a reader's position after an engine crash",
    needs: ['kill', 'replay'],
    async run(context) {
      const events = eventsOf(await context.openAt(SHORT_LIMITS))
      const reading = await openReading(context, events, { from: 'latest' })
      const { position: start } = reading.reader
      if (start === undefined) return
      await emit(events, [1])
      await reading.read(1)
      const { position } = reading.reader
      assert.ok(position !== undefined)
      reading.reader.close()
      const restart = await context.kill()
      await restart()
      const other = eventsOf(await context.openAt(SHORT_LIMITS))
      await emitAtLast(context, other, 2)
      for (const [from, expected] of [
        [start, [1, 2]],
        [position, [2]],
      ] as const) {
        const next = await openReading(context, other, { from })
        await next.readUpTo(2)
        // An attempt to emit that failed may have stored the event as well.
        if (next.gaps.length === 0) assert.deepEqual([...new Set(next.data)], expected)
      }
    },
  },
  {
    name: "continues at a group's position after an engine crash",
    needs: ['kill', 'durableGroups'],
    async run(context) {
      const group = { from: 'latest', group: 'board' } as const
      const events = eventsOf(await context.openAt(SHORT_LIMITS))
      const reading = await openReading(context, events, group)
      await emit(events, [1])
      await reading.read(1)
      await reading.reader.commit(reading.cursor)
      const restart = await context.kill()
      await restart()
      await emitAtLast(context, events, 2)
      await reading.readUpTo(2)
      // An attempt to emit that failed may have stored the event as well.
      if (reading.gaps.length === 0) assert.deepEqual([...new Set(reading.data)], [1, 2])
    },
  },
]

/** Stores an event once the engine accepts it; a failed attempt might have stored it, too. */
async function emitAtLast(
  context: CaseContext,
  events: EventDriver,
  datum: unknown,
): Promise<void> {
  await context.eventually(
    () =>
      emit(events, [datum]).then(
        () => true,
        () => false,
      ),
    'an event can be stored again',
  )
}

function eventsOf({ events }: Driver): EventDriver {
  assert.ok(events !== undefined)
  return events
}
