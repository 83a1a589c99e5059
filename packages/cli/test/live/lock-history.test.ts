import type { LockInfo, Owner } from '@cli-ops/shared-ipc'
import { expect, test } from 'vitest'
import { LockHistory } from '../../src/live/lock-history.js'

const MINUTE_MS = 60_000

function historyAt() {
  let revision = 0
  return new LockHistory({ next: () => (revision += 1) })
}

function owner(name: string, pid = 1): Owner {
  return { name, pid, host: 'here', user: 'dev', startedAt: new Date(0), state: 'running' }
}

function lock(resource: string, id: string, sinceMs: number, waiters: Owner[] = []): LockInfo {
  return {
    resource,
    id,
    token: 1n,
    owner: owner(id === '' ? 'next' : id),
    since: new Date(sinceMs),
    mode: 'exclusive',
    waiters,
  }
}

test('a hold begins when the lock says so, and ends when it is seen to have ended', () => {
  const history = historyAt()
  history.observe([lock('db', 'one', 500)], 1000)
  history.observe([lock('db', 'one', 500)], 2000)
  history.observe([], 3000)
  expect(history.holds.items).toMatchObject([{ resource: 'db', id: 'one', from: 500, to: 3000 }])
  expect(history.locks).toEqual([])
})

test('a change of holder ends one hold where the next begins', () => {
  const history = historyAt()
  history.observe([lock('db', 'one', 500)], 1000)
  history.observe([lock('db', 'two', 1400)], 1500)
  history.observe([lock('db', '', 0)], 2000)
  expect(history.holds.items).toMatchObject([
    { id: 'one', from: 500, to: 1400 },
    { id: 'two', from: 1400, to: 2000 },
  ])
})

test('a holder whose clock is ahead began now, and never before the one it follows', () => {
  const history = historyAt()
  history.observe([lock('db', 'one', 9_000)], 1000)
  history.observe([lock('db', 'two', 200)], 1500)
  expect(history.holds.items).toMatchObject([{ from: 1000, to: 1000 }, { from: 200 }])
})

test('waiters keep the instant at which they were first seen, also several of one process', () => {
  const history = historyAt()
  const [a, b] = [owner('a', 2), owner('b', 3)]
  history.observe([lock('db', 'one', 0, [a])], 1000)
  history.observe([lock('db', 'one', 0, [a, b, a])], 2000)
  history.observe([lock('db', 'one', 0, [b, a])], 3000)
  expect(
    history.locks[0]?.waiters.map(({ name, since, isLonger }) => [name, since, isLonger]),
  ).toEqual([
    ['b', 2000, false],
    // Which of the two of one process has left cannot be told; the longer wait is shown.
    ['a', 1000, true],
  ])
})

test('the length of the queue is noted when it changes', () => {
  const history = historyAt()
  history.observe([lock('db', 'one', 0)], 1000)
  history.observe([lock('db', 'one', 0, [owner('a')])], 2000)
  history.observe([lock('db', 'one', 0, [owner('a')])], 3000)
  history.observe([lock('db', 'one', 0, [owner('a'), owner('b')])], 4000)
  history.observe([], 5000)
  expect(history.queues.items.map(({ at, length }) => [at, length])).toEqual([
    [2000, 1],
    [4000, 2],
    [5000, 0],
  ])
})

test('nothing new is no change, and what is over is forgotten after a while', () => {
  const history = historyAt()
  expect(history.observe([lock('db', 'one', 0)], 1000)).toBe(true)
  expect(history.observe([lock('db', 'one', 0)], 2000)).toBe(false)
  expect(history.observe([], 3000)).toBe(true)
  history.observe([lock('other', 'two', 4000, [owner('a')])], 4000)
  history.observe([lock('other', 'two', 4000, [owner('a')])], 15 * MINUTE_MS)
  expect(history.holds.items).toMatchObject([{ id: 'two' }])
  // How long the queue was when the history begins is still known.
  expect(history.queues.items).toMatchObject([{ resource: 'other', length: 1 }])
})

test('what is newer than a revision is what was added or changed since', () => {
  const history = historyAt()
  history.observe([lock('db', 'one', 500), lock('db2', 'other', 500)], 1000)
  const seen = Math.max(...history.holds.items.map(({ revision }) => revision))
  expect(history.holds.since(seen)).toEqual([])
  history.observe([lock('db2', 'other', 500)], 2000)
  expect(history.holds.since(seen)).toMatchObject([{ id: 'one', to: 2000 }])
})
