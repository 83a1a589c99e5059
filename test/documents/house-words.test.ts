import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'

import { describe, expect, test } from 'vitest'

import { root } from '../../scripts/workspaces.mjs'
import { documents } from './markdown.js'

const CONTRIBUTING = join(root, 'CONTRIBUTING.md')
/** Written by a program. */
const GENERATED = ['docs/reference/lab.md', 'docs/reference/support.md']

const prose = [
  ...documents(),
  ...readdirSync(join(root, 'docs')).map((name) => join(root, 'docs', name)),
  CONTRIBUTING,
  join(root, 'SECURITY.md'),
]
  .filter((path) => path.endsWith('.md') && !GENERATED.includes(relative(root, path)))
  .map((path) => relative(root, path))

/** Returns the words of the second column of the table in CONTRIBUTING. */
function unwanted(): string[] {
  const [, section = ''] = readFileSync(CONTRIBUTING, 'utf8').split('### House words')
  const rows = section
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .slice(2)
  return rows.flatMap((row) =>
    Array.from((row.split('|')[2] ?? '').matchAll(/`([^`]+)`/gu), ([, word = '']) => word),
  )
}

/** Returns where a text has a word, outside code: `line: words around it`. */
function findWord(text: string, word: string): string[] {
  const blank = (code: string): string => code.replaceAll(/[^\n]/gu, ' ')
  const plain = text
    .replaceAll(/^(```|~~~).*?^\1/gmsu, blank)
    .replaceAll(/^ {4}.*$/gmu, blank)
    .replaceAll(/`[^`\n]*`|\]\([^)]*\)|<!--.*?-->/gu, blank)
  const escaped = word.replaceAll(/[.]/gu, String.raw`\.`).replaceAll(' ', String.raw`\s+`)
  // "There is no lock" is what one says; "this is no lock" is not.
  const pattern = new RegExp(
    `(?<!\\bthere\\s)(?<![\\w-])${escaped}(?!\\s(?:longer|more)\\b)(?![\\w-])`,
    'giu',
  )
  return Array.from(plain.matchAll(pattern), ({ index }) => {
    const line = plain.slice(0, index).split('\n').length
    return `${line}: ${text.slice(Math.max(0, index - 30), index + 40).replaceAll('\n', ' ')}`
  })
}

test('there is a list', () => {
  expect(unwanted().length).toBeGreaterThan(15)
})

describe('the words of the house', () => {
  test.each(prose)('%s', (path) => {
    const text = readFileSync(join(root, path), 'utf8')
    expect(unwanted().flatMap((word) => findWord(text, word))).toEqual([])
  })
})

test('finds a word in prose only', () => {
  expect(
    findWord('a `is no` b\n```\nis no\n```\nThere is no c. It is\nno d, is no longer e', 'is no'),
  ).toEqual([expect.stringMatching(/^5: /u)])
})
