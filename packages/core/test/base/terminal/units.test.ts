import { expect, test } from 'vitest'
import {
  describeDuration,
  describeLimit,
  durationText,
  sizeParts,
  sizeText,
  spanText,
} from '../../../src/base/terminal/units.js'

test.each([
  [0, '0 ms', '0.0 s', '0.00 ms'],
  [0.42, '0 ms', '0.0 s', '0.42 ms'],
  [999, '999 ms', '0.9 s', '999 ms'],
  [1_250, '1 s', '1.2 s', '1.25 s'],
  [9_999, '9 s', '9.9 s', '10.00 s'],
  [59_999, '59 s', '59 s', '59 s'],
  [245_000, '4 min', '4:05', '4:05'],
  [7_800_000, '2 h', '2:10 h', '2:10 h'],
  [273_600_000, '3 d', '3 d 4 h', '3 d 4 h'],
])('%d ms', (ms, sentence, column, measured) => {
  expect(describeDuration(ms)).toBe(sentence)
  expect(spanText(ms)).toBe(column)
  expect(durationText(ms)).toBe(measured)
})

test.each([
  [300, '300 ms'],
  [1500, '1.5 s'],
  [30_000, '30 s'],
  [90_000, '1 min 30 s'],
])('a limit of %d ms is written as %s', (ms, text) => {
  expect(describeLimit(ms)).toBe(text)
})

test.each([
  [0, '0 B'],
  [1023, '1023 B'],
  [1024, '1.0 KiB'],
  [102_400, '100 KiB'],
  [1_048_575, '1.0 MiB'],
  [67_108_864, '64.0 MiB'],
  [1.5e9, '1.4 GiB'],
  [2 ** 60, '1024 PiB'],
])('%d bytes', (bytes, text) => {
  expect(sizeText(bytes)).toBe(text)
  expect(sizeParts(bytes).join(' ')).toBe(text)
})
