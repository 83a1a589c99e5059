import { getEventListeners } from 'node:events'
import { expect, test } from 'vitest'
import { settleWithin, untilAborted, withinTime } from '../../../src/base/wait/race.js'

const HOUR_MS = 3_600_000
const never = new Promise<never>(() => undefined)
const late = (): Error => new Error('late')

test('work that finishes in time returns its result', async () => {
  const { signal } = new AbortController()
  const limits = { timeoutMs: HOUR_MS, signal, late }
  expect(await settleWithin(limits, () => 'at once')).toBe('at once')
  expect(await settleWithin(limits, () => Promise.resolve('later'))).toBe('later')
  await expect(settleWithin(limits, () => Promise.reject(new Error('fails')))).rejects.toThrow(
    'fails',
  )
  const throws = (): never => {
    throw new Error('throws')
  }
  await expect(settleWithin(limits, throws)).rejects.toThrow('throws')
  expect(await untilAborted(Promise.resolve('later'), signal)).toBe('later')
  expect(await withinTime(Promise.resolve('later'), Infinity)).toBe('later')
  expect(await withinTime(Promise.resolve('later'), undefined)).toBe('later')
  expect(getEventListeners(signal, 'abort')).toEqual([])
})

test('late work is left alone', async () => {
  const { signal } = new AbortController()
  await expect(settleWithin({ timeoutMs: 1, signal, late }, () => never)).rejects.toThrow('late')
  expect(await withinTime(never, 1)).toBe('late')
  expect(getEventListeners(signal, 'abort')).toEqual([])
})

test('an abort ends the wait with its reason, and a later failure of the work does no harm', async () => {
  const abort = new AbortController()
  let fail: (error: Error) => void = () => undefined
  const work = new Promise<never>((_resolve, reject) => (fail = reject))
  const waits = [
    untilAborted(work, abort.signal),
    settleWithin({ timeoutMs: HOUR_MS, signal: abort.signal, late }, () => work),
  ]
  abort.abort(new Error('aborted'))
  for (const wait of waits) await expect(wait).rejects.toThrow('aborted')
  await expect(untilAborted(work, abort.signal)).rejects.toThrow('aborted')
  fail(new Error('fails'))
  await new Promise((resolve) => setImmediate(resolve))
  expect(getEventListeners(abort.signal, 'abort')).toEqual([])
})
