import { afterEach, beforeEach, expect, test, vi } from 'vitest'

import type { FileSystem } from '../../../../src/drivers/local/home/file-system.js'
import { LogWatch } from '../../../../src/drivers/local/events/log-watch.js'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** A watch whose hints the test gives, and the times at which its reader looks. */
function watched(canWatch = true) {
  let hint: () => void = () => undefined
  const watch = (_path: string, listener: () => void) => {
    if (!canWatch) throw Object.assign(new Error('no more'), { code: 'EMFILE' })
    hint = listener
    return { close: () => undefined }
  }
  const log = new LogWatch({ watch } as unknown as FileSystem, '/log')
  log.use()
  const looks: number[] = []
  const ending = new AbortController()
  const began = Date.now()
  const read = async (): Promise<void> => {
    while (!ending.signal.aborted) {
      const seen = log.changes
      looks.push(Date.now() - began)
      await log.wait(seen, ending.signal)
    }
  }
  const ended = read().catch(() => undefined)
  return { looks, hint: () => hint(), log, stop: () => (ending.abort(), ended) }
}

test('without hints a reader looks less and less often, and once a second in the end', async () => {
  const { looks, stop } = watched()
  await vi.advanceTimersByTimeAsync(5000)
  // Once more when the watch has just begun.
  expect(looks).toEqual([0, 0, 100, 300, 700, 1500, 2500, 3500, 4500])
  await stop()
})

test('a hint is followed at once, and closely watched behind, since the next one may be lost', async () => {
  const { looks, hint, stop } = watched()
  await vi.advanceTimersByTimeAsync(2600)
  looks.length = 0
  hint()
  await vi.advanceTimersByTimeAsync(400)
  expect(looks).toEqual([2600, 2700, 2900])
  await stop()
})

test('where nothing can be watched it looks often all the time', async () => {
  const { looks, stop } = watched(false)
  await vi.advanceTimersByTimeAsync(1000)
  expect(looks).toHaveLength(41)
  await stop()
})

test('a hint between the look and the wait is not lost', async () => {
  const { log, stop } = watched()
  await vi.advanceTimersByTimeAsync(0)
  const seen = log.changes
  log.wake()
  // Resolves without any time passing.
  await log.wait(seen, new AbortController().signal)
  await stop()
})
