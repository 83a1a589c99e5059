import { afterEach, beforeEach, expect, test, vi } from 'vitest'

import { limitRepeats } from '../../src/serve/repeated-lines.js'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

test('prints a repeated line five times, then counts it, then prints it again', () => {
  const lines: string[] = []
  const log = limitRepeats((line) => lines.push(line))
  for (let n = 0; n < 100; n += 1) log('refused 10.0.0.1')
  log('laptop connected')
  expect(lines).toEqual([...Array<string>(5).fill('refused 10.0.0.1'), 'laptop connected'])
  lines.length = 0
  vi.advanceTimersByTime(10_000)
  expect(lines).toEqual(['refused 10.0.0.1 (95 more times within 10 s)'])
  log('refused 10.0.0.1')
  expect(lines).toHaveLength(2)
})

test('limits even lines that are always new', () => {
  let said = 0
  const log = limitRepeats(() => (said += 1))
  for (let n = 0; n < 5_000; n += 1) log(`refused ${n}`)
  expect(said).toBe(1_000)
  vi.advanceTimersByTime(10_000)
  log('refused again')
  expect(said).toBe(1_001)
})
