import { setTimeout as delay } from 'node:timers/promises'

import { EventBus } from '@cli-ops/shared-ipc'
import { expect, onTestFinished, test } from 'vitest'

import { PolledReader } from '../../src/driver-kit/polled-reader.js'
import { createMemoryDriver } from '../../src/drivers/memory/memory-driver.js'
import { readyHandle } from '../../src/engine/open-driver.js'
import { EventFeed } from '../../src/events/event-feed.js'
import { EventFilter } from '../../src/events/event-filter.js'
import { readAll } from '../../src/events/read-all.js'
import type { Cursor, EventEnvelope } from '../../src/events/contract/event-types.js'

/** Longer than the pause after which an engine is assumed to have sent everything. */
const ANSWER_MS = 600

/** A log of two events on an engine that is slow to return each. */
function slowFeed(stored: readonly EventEnvelope[]): EventFeed {
  const memory = createMemoryDriver()
  const log = {
    begin: () => Promise.resolve(0),
    toCursor: (position: number) => String(position) as Cursor,
    fetch: async (position: number) => {
      await delay(ANSWER_MS)
      const events = stored.slice(position, position + 1)
      const slices = events.map((event) => ({ events: [event], position: position + 1 }))
      return { slices, isMore: position + 1 < stored.length }
    },
  }
  const driver = {
    ...memory,
    capabilities: { ...memory.capabilities, synchronous: false },
    events: { ...memory.events!, openReader: () => new PolledReader(log) },
  }
  const feed = new EventFeed(readyHandle(driver, 'events'), { from: 'earliest' })
  onTestFinished(async () => {
    feed.close()
    await memory.close()
  })
  return feed
}

test('reads everything stored, however slow the engine is', async () => {
  await using bus = new EventBus({ url: 'memory:' })
  await bus.emit('a:b', 1)
  await bus.emit('a:b', 2)
  const stored = await bus.read('*')
  expect(stored).toHaveLength(2)
  expect(await readAll(slowFeed(stored), new EventFilter('*', new Map()), {})).toEqual(stored)
})
