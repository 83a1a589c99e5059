import { nextTurn } from '../../../base/wait/next-turn.js'
import assert from 'node:assert/strict'

import type { ConformanceCase } from '../harness/conformance-case.js'
import { emit, KEEP, openReading, range, recordOf } from './event-actors.js'

/** Data that a careless encoding would change. */
const TRICKY_DATA = [
  null,
  '',
  'line\nbreak\r\n\u2028\u0000',
  'žluťoučký 🐎',
  [1, [2, { three: 3.5e-7 }]],
  { constructor: 2, hasOwnProperty: 3 },
  '{"cliops":"seal","segment":1}',
  false,
]

/** Events are read as they were stored. */
export const eventDeliveryCases: readonly ConformanceCase[] = [
  {
    name: 'delivers to a reader on another driver, in order, with the cursors from append',
    async run(context) {
      const [one, other] = [await context.events(), await context.events()]
      const reading = await openReading(context, other, { from: 'latest' })
      const cursors = [...(await emit(one, [1, 2, 3])), ...(await emit(one, [4]))]
      await reading.read(4)
      assert.deepEqual(reading.data, [1, 2, 3, 4])
      assert.deepEqual(
        reading.events.map(({ cursor }) => cursor),
        cursors,
      )
      assert.equal(new Set(cursors).size, 4)
    },
  },
  {
    name: 'delivers the whole envelope',
    async run(context) {
      const [one, other] = [await context.events(), await context.events()]
      const reading = await openReading(context, other, { from: 'latest' })
      const record = recordOf({ id: 1 })
      const [cursor] = await one.append([record], KEEP)
      const [event] = (await reading.read(1)).events
      assert.deepEqual({ ...event }, { ...record.event, cursor })
    },
  },
  {
    name: 'delivers data unchanged, whatever it contains',
    async run(context) {
      const [one, other] = [await context.events(), await context.events()]
      const reading = await openReading(context, other, { from: 'latest' })
      await emit(one, TRICKY_DATA)
      assert.deepEqual((await reading.read(TRICKY_DATA.length)).data, TRICKY_DATA)
    },
  },
  {
    name: 'drops members that would set a prototype',
    async run(context) {
      const [one, other] = [await context.events(), await context.events()]
      const reading = await openReading(context, other, { from: 'latest' })
      const hostile = JSON.parse('{"__proto__":{"x":1},"list":[{"__proto__":2}]}') as unknown
      await emit(one, [hostile])
      const [data] = (await reading.read(1)).data as { readonly list: readonly object[] }[]
      assert.deepEqual([Object.keys(data ?? {}), Object.keys(data?.list[0] ?? {})], [['list'], []])
    },
  },
  {
    name: 'delivers an event of the maximum size',
    async run(context) {
      const [one, other] = [await context.events(), await context.events()]
      const reading = await openReading(context, other, { from: 'latest' })
      const text = 'x'.repeat(1024 * 1024 - 1024)
      await emit(one, ['before', text, 'after'])
      const { data } = await reading.read(3)
      assert.ok(data[1] === text, 'the large event must arrive whole')
      assert.deepEqual([data[0], data[2]], ['before', 'after'])
    },
  },
  {
    name: 'delivers what was stored, even if the emitted object changes later',
    async run(context) {
      const events = await context.events()
      const reading = await openReading(context, events, { from: 'latest' })
      const data = { state: 'emitted' }
      const record = recordOf(data)
      data.state = 'changed later'
      await events.append([record], KEEP)
      assert.deepEqual((await reading.read(1)).data, [{ state: 'emitted' }])
    },
  },
  {
    name: 'gives each reader its own objects',
    async run(context) {
      const events = await context.events()
      const readings = [
        await openReading(context, events, { from: 'latest' }),
        await openReading(context, events, { from: 'latest' }),
      ]
      await emit(events, [{ list: ['mine'] }])
      const [mine, other] = await Promise.all(readings.map((reading) => reading.read(1)))
      const [first] = (mine?.data ?? []) as { list: string[] }[]
      first?.list.push('changed by one reader')
      Object.assign(mine?.events[0] ?? {}, { data: 'changed as well' })
      assert.deepEqual(other?.data, [{ list: ['mine'] }])
    },
  },
  {
    name: 'delivers everything once, across many batches',
    async run(context) {
      const [one, other] = [await context.events(), await context.events()]
      const reading = await openReading(context, other, { from: 'latest' })
      for (let first = 0; first < 2000; first += 250) await emit(one, range(first, first + 250))
      assert.deepEqual((await reading.read(2000)).data, range(0, 2000))
    },
  },
  {
    name: "shows all readers the same order, and keeps each writer's order",
    async run(context) {
      const writers = [await context.events(), await context.events()]
      const readings = [
        await openReading(context, await context.events(), { from: 'latest' }),
        await openReading(context, await context.events(), { from: 'latest' }),
      ]
      const write = async (writer: number): Promise<void> => {
        for (const n of range(0, 50)) {
          await emit(writers[writer] ?? (await context.events()), [[writer, n]])
          await nextTurn()
        }
      }
      await Promise.all([write(0), write(1)])
      const [one, other] = await Promise.all(readings.map((reading) => reading.read(100)))
      assert.deepEqual(one?.events, other?.events)
      for (const writer of [0, 1]) {
        const own = (one?.data as [number, number][]).filter(([by]) => by === writer)
        assert.deepEqual(
          own.map(([, n]) => n),
          range(0, 50),
        )
      }
    },
  },
  {
    name: 'appends synchronously',
    needs: ['synchronous'],
    async run(context) {
      const [one, other] = [await context.events(), await context.events()]
      const reading = await openReading(context, other, { from: 'latest' })
      const cursors = one.appendSync?.([recordOf('now')], KEEP)
      reading.take()
      assert.deepEqual(reading.data, ['now'])
      assert.deepEqual(cursors, [reading.cursor])
    },
  },
  {
    name: 'stores durably on request',
    async run(context) {
      const [one, other] = [await context.events(), await context.events()]
      const reading = await openReading(context, other, { from: 'latest' })
      await emit(one, ['kept'], { ...KEEP, durable: true })
      assert.deepEqual((await reading.read(1)).data, ['kept'])
    },
  },
  {
    name: 'keeps the events of namespaces separate',
    async run(context) {
      const [here, elsewhere] = [await context.events(), await context.events('another')]
      const reading = await openReading(context, elsewhere, { from: 'earliest' })
      await emit(here, ['here'])
      await emit(elsewhere, ['elsewhere'])
      assert.deepEqual((await reading.read(1)).data, ['elsewhere'])
    },
  },
]
