import { afterEach, expect, test, vi } from 'vitest'

import { onPulse } from '../../../src/base/process/pulse.js'

afterEach(() => void vi.useRealTimers())

test('all listeners are called at the same moment', async () => {
  const order: string[] = []
  const beats = ['events', 'registry', 'server'].map(
    (name) =>
      new Promise<void>((resolve) => {
        const stop = onPulse(() => {
          stop()
          order.push(name)
          // Anything in between would run in another wake-up.
          setImmediate(() => order.push('.'))
          resolve()
        })
      }),
  )
  await Promise.all(beats)
  expect(order).toEqual(['events', 'registry', 'server'])
})

test('a stopped listener is not called again, not even in the same pulse', async () => {
  const first = vi.fn(() => stopSecond())
  const second = vi.fn()
  const stopFirst = onPulse(first)
  const stopSecond = onPulse(second)
  await new Promise<void>((resolve) => {
    const stop = onPulse(() => {
      stop()
      resolve()
    })
  })
  stopFirst()
  expect(first).toHaveBeenCalledOnce()
  expect(second).not.toHaveBeenCalled()
})

test('a clock that a test has stopped does not stop it', async () => {
  vi.useFakeTimers()
  await new Promise<void>((resolve) => {
    const stop = onPulse(() => {
      stop()
      resolve()
    })
  })
})

test('a listener that needs it sooner gets it sooner, even while others come and go', async () => {
  const slow = vi.fn()
  const stopSlow = onPulse(slow, { everyMs: 60_000 })
  let beats = 0
  await new Promise<void>((resolve) => {
    const stop = onPulse(
      () => {
        onPulse(() => undefined)()
        beats += 1
        if (beats < 3) return
        stop()
        resolve()
      },
      { everyMs: 20 },
    )
  })
  stopSlow()
  expect(slow).toHaveBeenCalledTimes(3)
})
