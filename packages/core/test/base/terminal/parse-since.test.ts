import { expect, test, vi } from 'vitest'

import { parseSince } from '../../../src/base/terminal/parse-since.js'

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5)

test.each([
  ['30s', NOW - 30_000],
  ['1.5m', NOW - 90_000],
  ['2h', NOW - 7_200_000],
  ['1d', NOW - 86_400_000],
  ['0s', NOW],
  ['2026-01-01', Date.UTC(2026, 0, 1)],
  ['2026-01-01T10:00Z', Date.UTC(2026, 0, 1, 10)],
  ['2026-01-01T10:00:30.5+02:00', Date.UTC(2026, 0, 1, 8, 0, 30, 500)],
  ['2026-01-01 10:00', new Date(2026, 0, 1, 10).getTime()],
])('%s is a time', (text, time) => {
  vi.useFakeTimers({ now: NOW })
  expect(parseSince('--since', text).getTime()).toBe(time)
  vi.useRealTimers()
})

test.each(['5', 'yesterday', '5 m', '-5m', '99999999999d', '2026-13-01', '2026', '1e3s', '١٢s'])(
  '%s is not a time',
  (text) => {
    expect(() => parseSince('--since', text)).toThrow(
      new TypeError(
        `--since must be an age such as 30s, 5m, 2h, 1d or an ISO time, got ${JSON.stringify(text)}`,
      ),
    )
  },
)

test('nothing is not a time', () => {
  expect(() => parseSince('--since', '')).toThrow('--since must not be empty')
})
