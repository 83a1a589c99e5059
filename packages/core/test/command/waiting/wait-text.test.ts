import { describe, expect, test } from 'vitest'

import { fittedWaitLine, waitText } from '../../../src/command/waiting/wait-text.js'
import type { LockInfo, Owner } from '../../../src/locks/contract/lock-types.js'

const MINUTE = 60_000
const OWN_PID = 77
const owner: Owner = {
  name: 'cli-alpha',
  command: 'deploy eu',
  pid: 4242,
  host: 'build-7',
  user: 'dev',
  startedAt: new Date(),
  state: 'running',
}

function held(resource = 'production', changes: Partial<LockInfo> = {}): LockInfo {
  const since = new Date(Date.now() - 4 * MINUTE)
  return {
    resource,
    id: 'id',
    token: 7n,
    owner,
    since,
    mode: 'exclusive',
    holders: [{ id: 'id', token: 7n, owner, since }],
    waiters: [
      { ...owner, pid: 5 },
      { ...owner, pid: OWN_PID },
    ],
    waiting: [],
    ...changes,
  }
}

const second = { waitedMs: 72_000, pid: OWN_PID }

function fitted(width: number, info = held(), facts = second): string {
  return fittedWaitLine(info, facts, { name: 'cli-beta', width })
}

describe('an engine that grants nothing yet', () => {
  const closed = () =>
    held('production', {
      id: '',
      holders: [],
      waiters: [{ ...owner, pid: OWN_PID }],
      closedUntil: new Date(Date.now() + 7_500),
    })
  const first = { waitedMs: 3_000, pid: OWN_PID }

  test('is why nobody gets the lock', () => {
    expect(waitText(closed(), first)).toBe(
      'waiting for "production", 1st in line, 3 s: the engine is new, or may have lost its records, and grants no lock for another 7 s',
    )
  })

  test.each([
    [
      140,
      'cli-beta: waiting for "production", 1st in line, 3 s: the engine is new, or may have lost its records, and grants no lock for another 7 s',
    ],
    [
      100,
      'production: 1st in line, 3 s — not granted for another 7 s: new engine, or lost records',
    ],
    [60, 'production: 1st in line, 3 s — not granted for another 7 s'],
    [40, 'production: 1st in line, 3 s'],
  ])('fits %i columns', (width, line) => {
    expect(fitted(width, closed(), first)).toBe(line)
  })
})

describe('in a sentence', () => {
  test('the next waiter is shown the holder', () => {
    const { waiters } = held()
    const text = waitText(held('db', { waiters: waiters.slice(1) }), {
      waitedMs: 200,
      pid: OWN_PID,
    })
    expect(text).toBe(
      'waiting for "db", held for 4 min by cli-alpha deploy eu (pid 4242, dev@build-7)',
    )
  })

  test('position and time come before the holder', () => {
    expect(waitText(held('db'), second)).toBe(
      'waiting for "db", 2nd in line, 1 min 12 s, held for 4 min by cli-alpha deploy eu (pid 4242, dev@build-7)',
    )
  })

  test('an engine reports the position only', () => {
    const info = held('db', { waiters: [], queue: { position: 11, length: 12 } })
    expect(waitText(info, second)).toContain('"db", 11th in line, 1 min 12 s, held')
  })
})

describe('as one line of a terminal', () => {
  test.each([
    [
      122,
      'cli-beta: waiting for "production", 2nd in line, 1 min 12 s, held for 4 min by cli-alpha deploy eu (pid 4242, dev@build-7)',
    ],
    [
      107,
      'cli-beta: production: 2nd in line, 1 min 12 s — held 4 min by cli-alpha deploy eu (pid 4242, dev@build-7)',
    ],
    [
      96,
      'production: 2nd in line, 1 min 12 s — held 4 min by cli-alpha deploy eu (pid 4242, dev@build-7)',
    ],
    [90, 'production: 2nd, 1 min 12 s — held 4 min by cli-alpha deploy eu (pid 4242, dev@build-7)'],
    [77, 'production: 2nd, 1 min 12 s — cli-alpha deploy eu (pid 4242, dev@build-7)'],
    [62, 'production: 2nd, 1 min 12 s — cli-alpha deploy eu (pid 4242)'],
    [57, 'production: 2nd, 1 min 12 s — cli-alpha deploy eu'],
    [40, 'production: 2nd, 1 min 12 s — cli-alpha'],
    [37, 'produ…: 2nd, 1 min 12 s — cli-alpha'],
  ])('of %i columns', (width, line) => {
    expect(fitted(width)).toBe(line)
  })

  test('from 37 columns on it names position, time and holder, and is no wider than that', () => {
    const long = held('a-resource-with-a-name-that-is-longer-than-a-terminal-is-wide')
    for (let width = 37; width < 200; width += 1) {
      for (const info of [held(), long]) {
        const line = fitted(width, info)
        expect(line.length).toBeLessThanOrEqual(width)
        expect(line).toMatch(/: .*2nd.*1 min 12 s.*cli-alpha|"(?:p|a).*2nd.*1 min 12 s.*cli-alpha/u)
      }
    }
  })

  test('sharers are counted however short it is', () => {
    const [holder] = held().holders
    const info = held('db', { holders: holder === undefined ? [] : [holder, holder, holder] })
    expect(fitted(45, info)).toBe('db: 2nd, 1 min 12 s — cli-alpha and 2 others')
  })

  test('characters that move the cursor or look like others are replaced', () => {
    expect(fitted(37, held('\u001b[2J生产环境的数据库'))).toMatch(/^\?\[2J/u)
    expect(fitted(37, held('生产环境的数据库生产环境的数据库'))).toMatch(
      /^生.*…: 2nd, 1 min 12 s — cli-alpha$/u,
    )
  })
})
