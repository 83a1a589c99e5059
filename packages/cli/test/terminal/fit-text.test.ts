import { describe, expect, test } from 'vitest'
import { cutText, fitText, printable, widthOf } from '../../src/terminal/fit-text.js'

describe('printable', () => {
  test.each([
    ['plain text', 'plain text'],
    ['\u001b[31mred', '?[31mred'],
    ['a\r\nb\tc\u0000', 'a??b?c?'],
    ['\u009b2J', '?2J'],
    ['turn \u202eden\u202c', 'turn ?den?'],
    ['zero\u200bwidth\u2060', 'zero?width?'],
    ['half \ud83d', 'half ?'],
    ['é, e\u0301, 日本, 👩‍💻', 'é, e\u0301, 日本, 👩‍💻'],
  ])('%j', (text, expected) => {
    expect(printable(text)).toBe(expected)
  })
})

describe('widths', () => {
  test.each([
    ['plain', 5],
    ['日本', 4],
    ['e\u0301', 1],
    ['👩‍💻', 2],
    ['', 0],
  ])('%j', (text, width) => {
    expect(widthOf(text)).toBe(width)
  })

  test.each([
    ['plain text', 6, 'plain…'],
    ['日本語テキスト', 6, '日本…'],
    ['日本語テキスト', 7, '日本語…'],
    ['e\u0301e\u0301e\u0301', 2, 'e\u0301…'],
    ['👩‍💻👩‍💻', 3, '👩‍💻…'],
    ['x', 0, ''],
    ['xy', 1, '…'],
  ])('%j cut to %d', (text, width, expected) => {
    expect(cutText(text, width)).toBe(expected)
    expect(widthOf(cutText(text, width))).toBeLessThanOrEqual(width)
  })

  test('what is fitted is exactly as wide', () => {
    for (const text of ['', 'x', 'plain text', '日本語テキスト', '👩‍💻👩‍💻👩‍💻', 'e\u0301'.repeat(9)])
      for (const width of [0, 1, 2, 5, 8])
        expect(widthOf(fitText(text, width, 'right'))).toBe(width)
  })
})
