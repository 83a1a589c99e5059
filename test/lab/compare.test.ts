import { describe, expect, test } from 'vitest'

import { checkRefusal } from './check-refusal.mjs'
import { differences } from './differences.mjs'
import { normalise } from './normalise.mjs'
import { withoutWaiting } from './without-waiting.mjs'

const plain = {
  exitCode: 0,
  signal: null,
  stdout: 'done\n',
  stderr: '',
  files: { 'out.txt': 'file 644\ntext' },
}

describe('differences', () => {
  test('are absent between two identical runs', () => {
    expect(differences(plain, structuredClone(plain))).toBeUndefined()
  })

  test.each([
    [{ exitCode: 1 }, 'exitCode 1, not 0'],
    [{ exitCode: null, signal: 'SIGTERM' }, 'exitCode null, not 0; signal SIGTERM, not null'],
    [{ stdout: 'done\n\n' }, 'stdout: line 3 is "", not missing'],
    [{ stderr: 'more' }, 'stderr: line 1 is "more", not ""'],
    [{ files: {} }, '1 files differ, out.txt: is missing'],
    [{ files: { ...plain.files, more: 'file 644\n' } }, '1 files differ, more: is there'],
    [
      { files: { 'out.txt': 'file 600\ntext' } },
      '1 files differ, out.txt: line 1 is "file 600", not "file 644"',
    ],
  ])('%j is seen', (change, seen) => {
    expect(differences(plain, { ...plain, ...change })).toBe(seen)
  })
})

test('a normaliser removes exactly what it names, in output and in files', () => {
  const run = { ...plain, stdout: 'took 12 ms at 12:00:01', files: { '.git/index': 'x', a: '3 s' } }
  expect(normalise(run, ['durations', 'gitIndex'])).toEqual({
    ...run,
    stdout: 'took <time> at 12:00:01',
    files: { a: '<time>' },
  })
  expect(normalise(run, [])).toEqual(run)
})

describe('a refusal', () => {
  const refused = {
    ...plain,
    exitCode: 75,
    stdout: '',
    stderr: 'some: "lab" is held (pid 7)\n',
    files: {},
  }
  const check = (change: Partial<typeof refused>) =>
    checkRefusal({
      cli: { bin: 'some' },
      seen: { ...refused, ...change },
      before: {},
      exitCode: 75,
      holder: 7,
    })

  test('is one line, 75 and nothing else', () => {
    expect(check({})).toBeUndefined()
  })

  test.each([
    { exitCode: 1 },
    { stdout: 'begun' },
    { files: { made: 'file 644\n' } },
    { stderr: '' },
    { stderr: `${refused.stderr}and a stack\n` },
    { stderr: 'lab is held (pid 7)\n' },
    { stderr: 'some: "lab" is held\n' },
  ])('%j is not a refusal', (change) => {
    expect(check(change)).toBeDefined()
  })
})

describe('what a waiting person sees', () => {
  const first = 'some: waiting for "lab", held for 1 s by holder (pid 7)\n'
  const later = 'some: waiting for "lab", 1st in line, 5 s, held for 6 s by holder (pid 7)\n'

  test('is one line, or several if the wait is long', () => {
    expect(withoutWaiting(`${first}rest\n`, 'some')).toBe('rest\n')
    expect(withoutWaiting(`warning\n${first}${later}rest\n`, 'some')).toBe('warning\nrest\n')
  })

  test('is not printed twice', () => {
    expect(withoutWaiting(first + first, 'some')).toBe(first)
  })
})
