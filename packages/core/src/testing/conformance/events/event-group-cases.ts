import assert from 'node:assert/strict'

import type { ConformanceCase } from '../harness/conformance-case.js'
import { emit, openReading, Reading } from './event-actors.js'

const GROUP = { from: 'latest', group: 'board' } as const

/** Durable groups. */
export const eventGroupCases: readonly ConformanceCase[] = [
  {
    name: "continues after a group's committed cursor",
    needs: ['durableGroups'],
    async run(context) {
      const [one, other] = [await context.events(), await context.events()]
      const first = await openReading(context, one, GROUP)
      await emit(one, [1, 2, 3])
      await first.read(3)
      await first.reader.commit(first.events[1]?.cursor ?? first.cursor)
      first.reader.close()
      const second = await openReading(context, other, GROUP)
      assert.deepEqual((await second.read(1)).data, [3])
    },
  },
  {
    name: 'redelivers events that a group did not commit',
    needs: ['durableGroups'],
    async run(context) {
      const [one, other] = [await context.events(), await context.events()]
      const first = await openReading(context, one, GROUP)
      await emit(one, [1, 2])
      await first.read(2)
      first.reader.close()
      const second = await openReading(context, other, GROUP)
      assert.deepEqual((await second.read(2)).data, [1, 2])
    },
  },
  {
    name: 'keeps events for a group while none of its readers runs',
    needs: ['durableGroups'],
    async run(context) {
      const [one, other] = [await context.events(), await context.events()]
      const first = await openReading(context, other, GROUP)
      first.reader.close()
      await emit(one, ['meanwhile'])
      // The committed start position takes precedence over `from`.
      const second = await openReading(context, other, GROUP)
      assert.deepEqual((await second.read(1)).data, ['meanwhile'])
    },
  },
  {
    name: 'starts a new group at the requested position',
    needs: ['durableGroups', 'replay'],
    async run(context) {
      const events = await context.events()
      await emit(events, ['old'])
      const reading = await openReading(context, events, { ...GROUP, from: 'earliest' })
      assert.deepEqual((await reading.read(1)).data, ['old'])
    },
  },
  {
    name: 'has one active reader of a group; the next one takes over from the commit',
    needs: ['durableGroups'],
    async run(context) {
      const [one, other] = [await context.events(), await context.events()]
      const active = await openReading(context, one, GROUP)
      const standby = new Reading(context, other.openReader(GROUP))
      let isReady = false
      const ready = standby.reader.ready.then(() => {
        isReady = true
      })
      await emit(other, [1, 2])
      await active.read(2)
      assert.equal(standby.reader.poll(), undefined)
      assert.equal(isReady, false)
      await active.reader.commit(active.events[0]?.cursor ?? active.cursor)
      active.reader.close()
      await context.settled(ready, 'the next reader takes over')
      assert.deepEqual((await standby.read(1)).data, [2])
    },
  },
  {
    name: 'wakes a waiting reader when it takes over',
    needs: ['durableGroups'],
    async run(context) {
      const [one, other] = [await context.events(), await context.events()]
      const active = await openReading(context, one, GROUP)
      const standby = new Reading(context, other.openReader(GROUP))
      await emit(one, ['unread'])
      const { signal } = new AbortController()
      const woken = standby.reader.wait(signal)
      active.reader.close()
      await context.settled(woken, 'the wait ends')
      assert.deepEqual((await standby.read(1)).data, ['unread'])
    },
  },
  {
    name: 'lets only the active reader commit',
    needs: ['durableGroups'],
    async run(context) {
      const [one, other] = [await context.events(), await context.events()]
      const active = await openReading(context, one, GROUP)
      const standby = new Reading(context, other.openReader(GROUP))
      const [, last] = await emit(one, [1, 2])
      if (last !== undefined) await standby.reader.commit(last)
      standby.reader.close()
      active.reader.close()
      const next = await openReading(context, one, GROUP)
      assert.deepEqual((await next.read(2)).data, [1, 2])
    },
  },
  {
    name: 'ends a standby reader when it is closed',
    needs: ['durableGroups'],
    async run(context) {
      const [one, other] = [await context.events(), await context.events()]
      const active = await openReading(context, one, GROUP)
      const standby = new Reading(context, other.openReader(GROUP))
      standby.reader.close()
      await assert.rejects(context.settled(standby.reader.ready, 'ready is rejected'), (error) => {
        return !(error instanceof assert.AssertionError)
      })
      await emit(one, ['news'])
      assert.deepEqual((await active.read(1)).data, ['news'])
    },
  },
  {
    name: 'gives every group everything',
    needs: ['durableGroups'],
    async run(context) {
      const [one, other] = [await context.events(), await context.events()]
      const board = await openReading(context, one, GROUP)
      const search = await openReading(context, other, { ...GROUP, group: '../board/Search' })
      await emit(one, [1, 2])
      await board.read(2)
      await board.reader.commit(board.cursor)
      assert.deepEqual((await search.read(2)).data, [1, 2])
    },
  },
]
