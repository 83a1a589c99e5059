import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'

import { describe, expect, test } from 'vitest'

import { root, workspaces } from '../../scripts/workspaces.mjs'
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

/** The sources with comments, which programmers read as they read documents. */
const sources = workspaces().flatMap(({ dir }) => {
  const folder = join(dir, 'src')
  if (!existsSync(folder)) return []
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name))
})

/** A comment that begins a line, or follows code after a space. */
const COMMENT = /\/\*[\s\S]*?\*\/|(?<=^|[ \t])\/\/ .*$/gmu

/** Returns the comments of a source, each in its line. */
function commentsOf(source: string): string {
  const comments = Array.from(source.matchAll(COMMENT), ([text]) => text)
  const lines = source
    .split(COMMENT)
    .map((code, index) => code.replaceAll(/[^\n]/gu, '') + (comments[index] ?? ''))
  return lines.join('').replaceAll(/^ *\* ?/gmu, '')
}

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

/** Returns where a text has one of the words, outside code: `line: words around it`. */
function findWords(text: string, words: readonly string[]): string[] {
  const blank = (code: string): string => code.replaceAll(/[^\n]/gu, ' ')
  const plain = text
    .replaceAll(/^(```|~~~).*?^\1/gmsu, blank)
    .replaceAll(/^ {4}.*$/gmu, blank)
    .replaceAll(/`[^`\n]*`|\]\([^)]*\)|<!--.*?-->/gu, blank)
  return words.flatMap((word) => {
    const escaped = word.replaceAll(/[.]/gu, String.raw`\.`).replaceAll(' ', String.raw`\s+`)
    // "There is no lock" is what one says; "this is no lock" is not.
    const pattern = new RegExp(
      `(?<!\\bthere\\s)(?<![\\w-])${escaped}(?!\\s+(?:longer|more)\\b)(?![\\w-])`,
      'giu',
    )
    return Array.from(plain.matchAll(pattern), ({ index }) => {
      const line = plain.slice(0, index).split('\n').length
      return `${line}: ${text.slice(Math.max(0, index - 30), index + 40).replaceAll('\n', ' ')}`
    })
  })
}

test('there is a list', () => {
  expect(unwanted().length).toBeGreaterThan(15)
})

describe('the words of the house', () => {
  test.each(prose)('%s', (path) => {
    const text = readFileSync(join(root, path), 'utf8')
    expect(findWords(text, unwanted())).toEqual([])
  })
})

test('comments use the words of the house', () => {
  const words = unwanted()
  const found = sources.flatMap((path) =>
    findWords(commentsOf(readFileSync(path, 'utf8')), words).map(
      (place) => `${relative(root, path)}:${place}`,
    ),
  )
  expect(found).toEqual([])
})

test('finds a word in comments only', () => {
  const source = `const a = 'goes on' // it goes on\n    /**\n     * also\n     * if b\n     */\n`
  expect(findWords(commentsOf(source), ['goes on', 'also if'])).toEqual([
    expect.stringMatching(/^1: /u),
    expect.stringMatching(/^3: /u),
  ])
})

test('finds a word in prose only', () => {
  expect(
    findWords('a `is no` b\n```\nis no\n```\nThere is no c. It is\nno d, is no longer e', [
      'is no',
    ]),
  ).toEqual([expect.stringMatching(/^5: /u)])
})
