import { describe, expect, test } from 'vitest'

import { assertName } from '../../../src/base/names/assert-name.js'
import { decodeFileName, encodeFileName } from '../../../src/base/names/file-name.js'
import { randomId } from '../../../src/base/names/random-id.js'

describe('assertName', () => {
  test.each([
    ['an empty one', '', 'resource must not be empty'],
    ['a number', 7, 'resource must be a string, got 7'],
    ['nothing', undefined, 'resource must be a string, got undefined'],
    ['an object', {}, 'resource must be a string, got an object'],
    ['a line break', 'a\nb', 'control characters, got "a\\nb"'],
    ['a terminal escape', '\u001b[2J', 'control characters'],
    ['a text-direction override', 'a\u202eb', 'control characters'],
    ['a mark that nobody sees', 'a\u200bb', 'control characters'],
    ['half a character', '\ud83d', 'control characters'],
    ['1,025 bytes', 'é'.repeat(512) + 'a', 'at most 1024 bytes, got 1025 bytes'],
  ])('refuses %s', (_what, value, message) => {
    expect(() => {
      assertName('resource', value)
    }).toThrow(message)
  })

  test.each(['a', '../x', 'con', '__proto__', '🔒 deploy', 'x'.repeat(1024)])(
    'accepts %j',
    (value) => {
      expect(() => {
        assertName('resource', value)
      }).not.toThrow()
    },
  )
})

describe('encodeFileName', () => {
  test.each([
    ['task-database', 'task-database'],
    ['v1.2_x', 'v1.2_x'],
    ['../x', '%2E.%2Fx'],
    ['.hidden', '%2Ehidden'],
    ['A', '%41'],
    ['con', '%63on'],
    ['com1.txt', '%63om1.txt'],
    ['console', 'console'],
    // Windows drops a dot at the end.
    ['a.', 'a%2E'],
    ['a b', 'a%20b'],
    ['a~b', 'a%7Eb'],
    ['100%', '100%25'],
    ['é', '%C3%A9'],
    ['🔒', '%F0%9F%94%92'],
    ['C:\\x', '%43%3A%5Cx'],
  ])('%j becomes %s and back', (name, fileName) => {
    expect(encodeFileName(name)).toBe(fileName)
    expect(decodeFileName(fileName)).toBe(name)
  })

  test('keeps names apart on file systems that fold case or normalise', () => {
    const names = ['a', 'A', 'é', 'e\u0301', 'É', '%61', '%41', 'a.', 'ａ']
    const folded = names.map((name) => encodeFileName(name).toLowerCase().normalize('NFC'))
    expect(new Set(folded).size).toBe(names.length)
  })

  test('hashes a name that is too long for a file name, and keeps its beginning readable', () => {
    const [one, two] = ['task-'.repeat(60), `${'task-'.repeat(60)}x`].map(encodeFileName)
    expect(one).toMatch(/^task-task-.*~[0-9a-f]{32}$/)
    expect(one).not.toBe(two)
    expect(encodeFileName('🔒'.repeat(100)).length).toBeLessThanOrEqual(120)
    expect(decodeFileName(one ?? '')).toBeUndefined()
  })

  test.each(['%zz', 'UPPER', 'a%61', 'a b'])('%j is not an encoded file name', (fileName) => {
    expect(decodeFileName(fileName)).toBeUndefined()
  })
})

test('randomId returns 12 hexadecimal digits, new each time', () => {
  const ids = Array.from({ length: 100 }, randomId)
  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{12}$/)
  expect(new Set(ids).size).toBe(100)
})
