import assert from 'node:assert/strict'

import type { EventDriver, Retention } from '../../../drivers/driver.js'
import type { Cursor } from '../../../events/contract/event-types.js'
import type { CaseContext } from '../harness/case-context.js'
import type { ConformanceCase } from '../harness/conformance-case.js'
import { emit, KEEP, openReading } from './event-actors.js'

const SMALL: Retention = { retentionMs: 3_600_000, maxBytes: 64 * 1024 }
const FILLER = 'x'.repeat(1000)
const BATCH = 20
const MAX_BATCHES = 250

/** Events that expire. */
export const eventExpiryCases: readonly ConformanceCase[] = [
  {
    name: 'expires nothing that retention keeps',
    async run(context) {
      const [one, other] = [await context.events(), await context.events()]
      const reading = await openReading(context, other, { from: 'latest' })
      await emit(one, [1, 2, 3])
      assert.equal(await one.clean(KEEP.retention), 0)
      assert.deepEqual((await reading.read(3)).data, [1, 2, 3])
      assert.deepEqual(reading.gaps, [])
    },
  },
  {
    name: 'cleans a log that was never written to',
    async run(context) {
      assert.equal(await (await context.events()).clean(SMALL), 0)
    },
  },
  {
    name: 'reports events that expired after a cursor as a gap, before the next events',
    needs: ['replay'],
    async run(context) {
      const events = await context.events()
      // An engine can fix a log's retention when it creates the log.
      const [from] = await emit(events, ['first'], { ...KEEP, retention: SMALL })
      assert.ok(from !== undefined)
      await overflow(context, events)
      const reading = await openReading(context, await context.events(), { from })
      const { gap, events: together } = await nextBatch(context, reading.reader)
      assert.equal(gap?.expected, from)
      assert.ok(gap.missed === undefined || gap.missed > 0)
      const after =
        together.length > 0 ? together : (await nextBatch(context, reading.reader)).events
      const kept = await openReading(context, events, { from: gap.resumeAt })
      const [oldest] = (await nextBatch(context, kept.reader)).events
      assert.deepEqual(after[0], oldest)
    },
  },
  {
    name: 'reports no gap to a reader that starts at the earliest',
    needs: ['replay'],
    async run(context) {
      const events = await context.events()
      await overflow(context, events)
      const reading = await openReading(context, await context.events(), { from: 'earliest' })
      const batch = await nextBatch(context, reading.reader)
      assert.equal(batch.gap, undefined)
      assert.ok(batch.events.length > 0)
    },
  },
  {
    name: 'reports events that expired unread to a group',
    needs: ['durableGroups'],
    async run(context) {
      const events = await context.events()
      const group = { from: 'latest', group: 'board' } as const
      const first = await openReading(context, events, group)
      first.reader.close()
      await overflow(context, events)
      const reading = await openReading(context, await context.events(), group)
      assert.ok((await nextBatch(context, reading.reader)).gap !== undefined)
    },
  },
]

/** Stores more than retention keeps, until the log has verifiably lost its beginning. */
async function overflow(context: CaseContext, events: EventDriver): Promise<void> {
  const options = { ...KEEP, retention: SMALL }
  const [first] = await emit(events, [FILLER], options)
  for (let batch = 0; batch < MAX_BATCHES; batch += 1) {
    await emit(events, Array<string>(BATCH).fill(FILLER), options)
    await events.clean(SMALL)
    if (first === undefined || !(await isExpired(context, events, first))) continue
    // Everything might have expired; this event is kept.
    await emit(events, ['kept'])
    return
  }
  assert.fail(
    `nothing has expired of ${MAX_BATCHES * BATCH} events of 1 kB under ${SMALL.maxBytes} bytes`,
  )
}

async function isExpired(
  context: CaseContext,
  events: EventDriver,
  from: Cursor,
): Promise<boolean> {
  const { reader } = await openReading(context, events, { from })
  const { gap } = await nextBatch(context, reader)
  reader.close()
  return gap !== undefined
}

type Reader = ReturnType<EventDriver['openReader']>
type Batch = NonNullable<ReturnType<Reader['poll']>>

function nextBatch(context: CaseContext, reader: Reader): Promise<Batch> {
  return context.eventually(() => reader.poll(), 'there is something to read')
}
