import { expect, test } from 'vitest'

import * as page from '../../page/format.js'
import { bytesText, clockText, durationText, spanText } from '../../src/terminal/time-text.js'

const MS = [0, 0.004, 9.994, 10, 999, 1000, 9_949, 9_999, 59_999, 60_000, 3_599_999, 3_600_000]
const LONG_MS = [86_399_999, 86_400_000, 1e9, 1e12]
const BYTES = [0, 1, 999, 1000, 99_949, 99_999, 100_000, 999_999, 1e6, 1.5e9, 1e12, 1e16]

test.each([...MS, ...LONG_MS])('the page writes %d ms as the terminal does', (ms) => {
  expect(page.spanText(ms)).toBe(spanText(ms))
  expect(page.durationText(ms)).toBe(durationText(ms))
  expect(page.clockText(ms)).toBe(clockText(ms))
})

test.each(BYTES)('the page writes %d bytes as the terminal does', (bytes) => {
  expect(page.bytesParts(bytes).join(' ')).toBe(bytesText(bytes))
})
