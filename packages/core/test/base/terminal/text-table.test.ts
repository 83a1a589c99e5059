import { expect, test } from 'vitest'

import { textTable } from '../../../src/base/terminal/text-table.js'

const HEADING = ['NAME', 'WAITING']
const ROWS = [
  ['db', ['1. one', '2. two']],
  ['a longer name', '-'],
]

test('columns are as wide as their longest cell, and a cell’s lines stay below each other', () => {
  expect(textTable(HEADING, ROWS, 80).split('\n')).toEqual([
    'NAME           WAITING',
    'db             1. one',
    '               2. two',
    'a longer name  -',
  ])
})

test('on a narrow terminal every row is a block of what it has, broken between words', () => {
  expect(textTable(HEADING, ROWS, 20).split('\n')).toEqual([
    'NAME     db',
    'WAITING  1. one',
    '         2. two',
    '',
    'NAME     a longer',
    '         name',
  ])
  expect(textTable(['ID'], [['ad2c61fbf0b6-1 x']], 6)).toBe('ID  ad2c61fbf0b6-1\n    x')
})

test('no cell can control the terminal or break the line', () => {
  const table = textTable(
    ['A'],
    [['red\u001b[31m'], ['two\nlines'], ['\u009b2J'], ['a\u202eb']],
    80,
  )
  expect(table).toBe('A\nred?[31m\ntwo lines\n?2J\na?b')
})

test('wide characters and marks keep the columns aligned', () => {
  const rows = [
    ['日本', 'x'],
    ['👩‍💻', 'x'],
    ['e\u0301', 'x'],
  ]
  expect(textTable(['NAME', 'B'], rows, 80).split('\n')).toEqual([
    'NAME  B',
    '日本  x',
    '👩‍💻    x',
    'e\u0301     x',
  ])
})
