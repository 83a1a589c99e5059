import type { Holder, LockInfo, LockWaiter, Owner } from '@cli-ops/shared-ipc'
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

function holder(id: string, sinceMs: number): Holder {
  return { id, token: 1n, owner: owner(id), since: new Date(sinceMs) }
}

function lockOf(
  resource: string,
  holders: readonly Holder[],
  waiting: readonly LockWaiter[] = [],
): LockInfo {
  const [first] = holders
  return {
    resource,
    id: first?.id ?? '',
    token: first?.token ?? 0n,
    owner: first?.owner ?? owner('next'),
    since: first?.since ?? new Date(0),
    mode: 'exclusive',
    holders,
    waiting,
    waiters: waiting.map((waiter) => waiter.owner),
  }
}

function lock(resource: string, id: string, sinceMs: number, waiters: Owner[] = []): LockInfo {
  const waiting = waiters.map((waiter) => ({ owner: waiter, since: new Date(0) }))
  return lockOf(resource, id === '' ? [] : [holder(id, sinceMs)], waiting)
}

test('a hold begins when the lock says so, and ends when its end is noticed', () => {
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

test('each of several holders has its own hold', () => {
  const history = historyAt()
  const [one, two, three] = [holder('one', 100), holder('two', 200), holder('three', 2500)]
  history.observe([lockOf('db', [one, two])], 1000)
  history.observe([lockOf('db', [two])], 2000)
  history.observe([lockOf('db', [two, three])], 3000)
  history.observe([], 4000)
  expect(history.holds.items).toMatchObject([
    { id: 'one', from: 100, to: 2000 },
    { id: 'two', from: 200, to: 4000 },
    { id: 'three', from: 2500, to: 4000 },
  ])
})

test('waiters are shown with their own facts, and never as waiting since a future time', () => {
  const history = historyAt()
  const waiting = [
    { owner: owner('a', 2), since: new Date(500), label: 'production' },
    { owner: owner('b', 3), since: new Date(9000) },
  ]
  history.observe([lockOf('db', [holder('one', 0)], waiting)], 1000)
  expect(history.locks[0]?.waiters).toMatchObject([
    { name: 'a', since: 500, label: 'production' },
    { name: 'b', since: 1000 },
  ])
})

test('changes of the queue length are recorded', () => {
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

test('an unchanged state is not a change, and past holds are forgotten after a while', () => {
  const history = historyAt()
  expect(history.observe([lock('db', 'one', 0)], 1000)).toBe(true)
  expect(history.observe([lock('db', 'one', 0)], 2000)).toBe(false)
  expect(history.observe([], 3000)).toBe(true)
  history.observe([lock('other', 'two', 4000, [owner('a')])], 4000)
  history.observe([lock('other', 'two', 4000, [owner('a')])], 15 * MINUTE_MS)
  expect(history.holds.items).toMatchObject([{ id: 'two' }])
  // The queue length at the beginning of the history is still known.
  expect(history.queues.items).toMatchObject([{ resource: 'other', length: 1 }])
})

test('changes since a revision are what was added or changed after it', () => {
  const history = historyAt()
  history.observe([lock('db', 'one', 500), lock('db2', 'other', 500)], 1000)
  const seen = Math.max(...history.holds.items.map(({ revision }) => revision))
  expect(history.holds.since(seen)).toEqual([])
  history.observe([lock('db2', 'other', 500)], 2000)
  expect(history.holds.since(seen)).toMatchObject([{ id: 'one', to: 2000 }])
})

test('what ended shortly before the first poll is there, with its queue', () => {
  const history = historyAt()
  const turn = (endMs: number, waitedMs: number, heldMs: number, name = 'cli-alpha') => ({
    resource: 'db',
    outcome: 'released' as const,
    time: new Date(endMs),
    holder: { name, command: 'sync' },
    id: name,
    waitedMs,
    heldMs,
  })
  const at = 60 * MINUTE_MS
  history.recall(
    [
      turn(at - 20 * MINUTE_MS, 0, 1000, 'long-ago'),
      turn(at - 2000, 0, 3000, 'one'),
      { ...turn(at - 1500, 2000, 0, 'refused'), outcome: 'refused' as const, heldMs: undefined },
      turn(at - 1000, 2500, 1000, 'two'),
    ].map(({ heldMs, ...rest }) => (heldMs === undefined ? rest : { ...rest, heldMs })),
    at,
  )
  expect(history.holds.items).toMatchObject([
    { id: 'one', owner: { name: 'one', command: 'sync' }, from: at - 5000, to: at - 2000 },
    { id: 'two', from: at - 2000, to: at - 1000 },
  ])
  expect(history.queues.items.map(({ at: when, length }) => [when - at, length])).toEqual([
    [-4500, 1],
    [-3500, 2],
    [-2000, 1],
    [-1500, 0],
  ])
  history.observe([lock('db', 'three', at - 500)], at)
  expect(history.holds.items.at(-1)).toMatchObject({ id: 'three', from: at - 500 })
})
