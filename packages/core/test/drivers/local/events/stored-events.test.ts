import { appendFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { EventBus } from '@cli-ops/shared-ipc'
import { expect, test } from 'vitest'

import { findStoredEvents } from '../../../../src/drivers/local/events/stored-events.js'
import { nodeFileSystem } from '../../../../src/drivers/local/home/file-system.js'
import { temporaryHome } from '../../../fixtures/temporary-home.js'

const ID = '0123456789ab-2'

function eventOf(id: string, data: unknown = null): string {
  return JSON.stringify({
    specversion: '1.0',
    id,
    source: '/t',
    type: 'command:failed',
    time: '2026-01-02T03:04:05.678Z',
    datacontenttype: 'application/json',
    data,
  })
}

/** Creates segments of these lines, and returns whether the event is stored in them. */
function isStoredIn(...segments: readonly (readonly string[])[]): boolean {
  const directory = temporaryHome()
  for (const [index, lines] of segments.entries()) {
    const number = index + 1
    const header = JSON.stringify({
      cliops: 'header',
      version: 1,
      segment: number,
      startedAt: number,
    })
    const text = [header, ...lines].map((line) => `\n${line}\n`).join('')
    writeFileSync(join(directory, `0000000${number}.ndjson`), text)
  }
  return findStoredEvents(nodeFileSystem, directory, new Set([ID, 'none-1']), 2).has(ID)
}

const SEAL_1 = '{"cliops":"seal","segment":1}'

test('finds an existing event, whatever surrounds it', () => {
  expect(isStoredIn([eventOf(ID)])).toBe(true)
  expect(isStoredIn([eventOf('other-1', 'x'.repeat(300_000)), eventOf(ID)])).toBe(true)
  // As another program might write it.
  expect(isStoredIn([JSON.stringify({ data: {}, ...(JSON.parse(eventOf(ID)) as object) })])).toBe(
    true,
  )
})

test('mistakes nothing else for it', () => {
  expect(isStoredIn([])).toBe(false)
  expect(isStoredIn([eventOf(`${ID}3`), eventOf(`1${ID}`)])).toBe(false)
  expect(isStoredIn([eventOf('other-1', { endId: ID, about: ID })])).toBe(false)
})

test('an event torn when its writer was killed is not stored', () => {
  expect(isStoredIn([eventOf(ID).slice(0, -20)])).toBe(false)
  expect(isStoredIn([eventOf(ID).slice(0, -20), eventOf(ID)])).toBe(true)
})

test('an event after the seal of its segment is void', () => {
  expect(isStoredIn([eventOf(ID), SEAL_1], [])).toBe(true)
  expect(isStoredIn([SEAL_1, eventOf(ID)], [])).toBe(false)
  expect(isStoredIn([SEAL_1, eventOf(ID)], [eventOf(ID)])).toBe(true)
})

test('searches segments back to the one that was the newest at that time', () => {
  // Each begins at its number; the event was stored at 2 or later.
  expect(isStoredIn([eventOf(ID), SEAL_1], ['{}'], ['{}'])).toBe(true)
  const none = join(temporaryHome(), 'none')
  expect(findStoredEvents(nodeFileSystem, none, new Set([ID]), 0).size).toBe(0)
})

test('finds a bus’s events in each of many segments', async () => {
  const home = temporaryHome()
  await using bus = new EventBus({ home, rateLimit: false, maxBytes: 16 * 4096 })
  await bus.on('*', () => undefined, { group: 'keeps' }).ready
  const sinceMs = Date.now()
  const ids: string[] = []
  for (let n = 0; n < 60; n += 1) ids.push((await bus.emit('n', { n, text: 'x'.repeat(500) })).id)
  const directory = join(home, 'events')
  expect(readdirSync(directory).length).toBeGreaterThan(3)
  appendFileSync(join(directory, 'README'), 'foreign')
  const asked = new Set([...ids, `${ids.at(-1) ?? ''}0`])
  expect(findStoredEvents(nodeFileSystem, directory, asked, sinceMs)).toEqual(new Set(ids))
  for (const id of ids)
    expect(findStoredEvents(nodeFileSystem, directory, new Set([id]), sinceMs).size).toBe(1)
})
