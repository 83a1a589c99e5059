import { describe, expect, test } from 'vitest'
import { cutText, greatestWidth } from '../../../src/base/terminal/cut-text.js'
import { fitText, widthOf } from '../../../src/base/terminal/text-width.js'

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
    expect(cutText(text, width, widthOf)).toBe(expected)
    expect(widthOf(cutText(text, width, widthOf))).toBeLessThanOrEqual(width)
  })

  test.each(['plain', '日本語テキスト', 'e\u0301', '👩‍💻👩‍💻', 'a 👍🏽 b', '🇩🇪 ①'])(
    '%j is never wider than its bound',
    (text) => {
      expect(greatestWidth(text)).toBeGreaterThanOrEqual(widthOf(text))
      expect(widthOf(cutText(text, 5, greatestWidth))).toBeLessThanOrEqual(5)
    },
  )

  test('fitted text is exactly as wide as requested', () => {
    for (const text of ['', 'x', 'plain text', '日本語テキスト', '👩‍💻👩‍💻👩‍💻', 'e\u0301'.repeat(9)])
      for (const width of [0, 1, 2, 5, 8])
        expect(widthOf(fitText(text, width, 'right'))).toBe(width)
  })
})
