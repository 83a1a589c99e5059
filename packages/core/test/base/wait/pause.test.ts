import { getEventListeners } from 'node:events'
import { expect, test } from 'vitest'
import { pause } from '../../../src/base/wait/pause.js'

const HOUR_MS = 3_600_000

test('an abort before or during a pause ends it', async () => {
  await pause(HOUR_MS, AbortSignal.abort())
  const abort = new AbortController()
  const pausing = pause(HOUR_MS, abort.signal)
  abort.abort()
  await pausing
})

test('a pause listens no longer than it lasts', async () => {
  const { signal } = new AbortController()
  await pause(0, signal)
  await pause(0)
  expect(getEventListeners(signal, 'abort')).toEqual([])
})
