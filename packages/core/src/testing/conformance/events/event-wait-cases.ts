import assert from 'node:assert/strict'

import type { ConformanceCase } from '../harness/conformance-case.js'
import { emit, openReading } from './event-actors.js'

/** Waiting for events, and the end of a reader. */
export const eventWaitCases: readonly ConformanceCase[] = [
  {
    name: 'polls without waiting, and finds each event once',
    async run(context) {
      const events = await context.events()
      const reading = await openReading(context, events, { from: 'latest' })
      assert.equal(reading.reader.poll(), undefined)
      await emit(events, ['one'])
      await reading.read(1)
      assert.equal(reading.reader.poll(), undefined)
    },
  },
  {
    name: 'wakes a waiting reader when another driver stores something',
    async run(context) {
      const [one, other] = [await context.events(), await context.events()]
      const reading = await openReading(context, other, { from: 'latest' })
      const { signal } = new AbortController()
      const woken = reading.reader.wait(signal)
      await emit(one, ['news'])
      await context.settled(woken, 'the wait ends')
      assert.deepEqual((await reading.read(1)).data, ['news'])
    },
  },
  {
    name: 'ends a wait immediately if events were stored before',
    async run(context) {
      const [one, other] = [await context.events(), await context.events()]
      const reading = await openReading(context, other, { from: 'latest' })
      await emit(one, ['news'])
      const { signal } = new AbortController()
      await context.settled(reading.reader.wait(signal), 'the wait ends')
      assert.deepEqual((await reading.read(1)).data, ['news'])
    },
  },
  {
    name: 'rejects an aborted wait for events with the reason',
    async run(context) {
      const reading = await openReading(context, await context.events(), { from: 'latest' })
      const controller = new AbortController()
      const reason = new Error('enough')
      const wait = reading.readOn(controller.signal)
      controller.abort(reason)
      await assert.rejects(context.settled(wait, 'the wait ends'), (error) => error === reason)
      await assert.rejects(
        context.settled(reading.reader.wait(controller.signal), 'the wait ends'),
        (error) => error === reason,
      )
    },
  },
  {
    name: 'continues after an aborted wait without a loss',
    async run(context) {
      const [one, other] = [await context.events(), await context.events()]
      const reading = await openReading(context, other, { from: 'latest' })
      const controller = new AbortController()
      const wait = reading.readOn(controller.signal)
      controller.abort(new Error('enough'))
      await assert.rejects(context.settled(wait, 'the wait ends'), { message: 'enough' })
      await emit(one, [1, 2])
      assert.deepEqual((await reading.read(2)).data, [1, 2])
    },
  },
  {
    name: 'closes a reader once, and leaves the others alone',
    async run(context) {
      const events = await context.events()
      const [closed, kept] = [
        await openReading(context, events, { from: 'latest' }),
        await openReading(context, events, { from: 'latest' }),
      ]
      closed.reader.close()
      closed.reader.close()
      await emit(events, ['news'])
      assert.deepEqual((await kept.read(1)).data, ['news'])
      closed.take()
      assert.deepEqual(closed.data, [])
    },
  },
]
