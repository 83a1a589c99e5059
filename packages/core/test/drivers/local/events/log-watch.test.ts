import { afterEach, beforeEach, expect, test, vi } from 'vitest'

import type { FileSystem } from '../../../../src/drivers/local/home/file-system.js'
import { PULSE_MS } from '../../../../src/base/process/pulse.js'
import { LogWatch } from '../../../../src/drivers/local/events/log-watch.js'

// The kit's own timers, which fake ones do not replace, are the ones under test.
vi.mock('../../../../src/base/wait/own-timers.js', async (importOriginal) => ({
  ...(await importOriginal<object>()),
  setTimeout: (callback: () => void, ms: number) => setTimeout(callback, ms),
  clearTimeout: (timer: NodeJS.Timeout) => {
    clearTimeout(timer)
  },
}))

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** A pulse on the test's clock. */
function pulse(listener: () => void) {
  const timer = setInterval(listener, PULSE_MS)
  return () => {
    clearInterval(timer)
  }
}

/** A watch whose hints come from the test, and the times at which its reader checks. */
function watched({ canWatch = true, finds = (): boolean => false } = {}) {
  let hint: () => void = () => undefined
  const watch = (_path: string, listener: () => void) => {
    if (!canWatch) throw Object.assign(new Error('no more'), { code: 'EMFILE' })
    hint = listener
    return { close: () => undefined }
  }
  const log = new LogWatch({ watch } as unknown as FileSystem, '/log', undefined, pulse)
  log.use()
  const looks: number[] = []
  const ending = new AbortController()
  const began = Date.now()
  const read = async (): Promise<void> => {
    while (!ending.signal.aborted) {
      const seen = log.changes
      looks.push(Date.now() - began)
      if (finds()) log.found()
      await log.wait(seen, ending.signal)
    }
  }
  const ended = read().catch(() => undefined)
  return { looks, hint: () => hint(), log, stop: () => (ending.abort(), ended) }
}

test('without hints a reader checks less and less often, and finally with the pulse', async () => {
  const { looks, stop } = watched()
  await vi.advanceTimersByTimeAsync(1500 + 3 * PULSE_MS)
  const pulses = [1, 2, 3].map((nth) => 1500 + nth * PULSE_MS)
  // Once more when the watch has just begun.
  expect(looks).toEqual([0, 0, 100, 300, 700, 1500, ...pulses])
  await stop()
})

test('checks at a hint, and often after it, since the next hint can be lost', async () => {
  const { looks, hint, stop } = watched()
  await vi.advanceTimersByTimeAsync(2600)
  looks.length = 0
  hint()
  await vi.advanceTimersByTimeAsync(400)
  expect(looks).toEqual([2600, 2700, 2900])
  await stop()
})

test('checks often all the time if nothing can be watched', async () => {
  const { looks, stop } = watched({ canWatch: false })
  await vi.advanceTimersByTimeAsync(1000)
  expect(looks).toHaveLength(41)
  await stop()
})

test('does not rely on a watch that missed something, until it reports again', async () => {
  let isNew = false
  const { looks, hint, stop } = watched({ finds: () => isNew })
  await vi.advanceTimersByTimeAsync(1600)
  isNew = true
  await vi.advanceTimersByTimeAsync(PULSE_MS)
  isNew = false
  looks.length = 0
  await vi.advanceTimersByTimeAsync(1000)
  expect(looks).toHaveLength(40)
  looks.length = 0
  hint()
  await vi.advanceTimersByTimeAsync(1000)
  const [first = 0, ...later] = looks
  expect(later.map((at) => at - first)).toEqual([100, 300, 700])
  await stop()
})

test('does not lose a hint between the check and the wait', async () => {
  const { log, stop } = watched()
  await vi.advanceTimersByTimeAsync(0)
  const seen = log.changes
  log.wake()
  // Resolves without any time passing.
  await log.wait(seen, new AbortController().signal)
  await stop()
})
