import { expect, test } from 'vitest'
import { jsonLine } from '../../../src/base/terminal/json-line.js'
import { printable } from '../../../src/base/terminal/printable.js'

test.each([
  ['plain text', 'plain text'],
  ['\u001b[31mred', '?[31mred'],
  ['a\r\nb\tc\u0000', 'a b c?'],
  ['two\u2028lines', 'two lines'],
  ['\u009b2J', '?2J'],
  ['turn \u202eden\u202c', 'turn ?den?'],
  ['zero\u200bwidth\u2060', 'zero?width?'],
  ['half \ud83d', 'half ?'],
  ['é, e\u0301, 日本, 👩‍💻', 'é, e\u0301, 日本, 👩‍💻'],
])('%j is made printable', (text, expected) => {
  expect(printable(text)).toBe(expected)
})

test('a line of JSON keeps its escapes', () => {
  const value = { id: '\u009b31m\u202ered\n\u001b[2J\ud83d\ufff9 日本 👩‍💻' }
  expect(printable(jsonLine(value))).toBe(jsonLine(value))
  expect(JSON.parse(jsonLine(value))).toEqual(value)
})

test('holds no command of a CI service', () => {
  expect(printable('a ##[error]b ##vso[task.x]c ## d')).toBe('a # #[error]b # #vso[task.x]c ## d')
})
