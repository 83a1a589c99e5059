import {
  describeHolder,
  describeOwner,
  type Holder,
  type LockInfo,
  type Owner,
} from '@cli-ops/shared-ipc'
import { expect, test } from 'vitest'
import { lockHeldError } from '../../../src/locks/lock-errors.js'

const owner: Owner = {
  name: 'cli-beta',
  command: 'sync',
  pid: 4242,
  user: 'dev',
  host: 'build-7',
  startedAt: new Date(0),
  state: 'running',
}
const holder: Holder = { id: 'x-1', token: 1n, owner, since: new Date(1_000_000) }
const info: LockInfo = {
  resource: 'task-database',
  ...holder,
  mode: 'exclusive',
  waiters: [],
  holders: [holder],
  waiting: [],
}

test.each([
  [12_345, 'held for 12 s by cli-beta sync (pid 4242, dev@build-7)'],
  [800, 'held for 800 ms by cli-beta sync (pid 4242, dev@build-7)'],
  [-5, 'held for 0 ms by cli-beta sync (pid 4242, dev@build-7)'],
  [300_000, 'held for 5 min by cli-beta sync (pid 4242, dev@build-7)'],
  [7_200_000, 'held for 2 h by cli-beta sync (pid 4242, dev@build-7)'],
  [200_000_000, 'held for 2 d by cli-beta sync (pid 4242, dev@build-7)'],
])('after %i ms: %s', (ms, text) => {
  expect(describeHolder(info, info.since.getTime() + ms)).toBe(text)
})

test.each([
  [{ ...owner, state: 'stopped' as const }, 'cli-beta sync (pid 4242, dev@build-7, stopped)'],
  [{ ...owner, pid: 0, state: 'unknown' as const }, 'cli-beta sync (dev@build-7, unknown)'],
  [{ ...owner, user: '', host: '' }, 'cli-beta sync (pid 4242)'],
  [{ ...owner, pid: 0, user: '' }, 'cli-beta sync (build-7)'],
  [{ ...owner, via: 'ci' }, 'cli-beta sync (pid 4242, dev@build-7, access key ci)'],
  [{ ...owner, pid: 0, user: '', host: '' }, 'cli-beta sync'],
  [{ ...owner, name: 'a\u001b[31m\nb' }, 'a?[31m b sync (pid 4242, dev@build-7)'],
])('%o', (value, text) => {
  expect(describeOwner(value)).toBe(text)
})

test('what a lock is for, and how many have it besides, is said', () => {
  const now = info.since.getTime() + 5000
  const labelled = { ...holder, label: 'production' }
  expect(describeHolder({ ...info, holders: [labelled, holder] }, now)).toBe(
    'held for 5 s by cli-beta sync "production" (pid 4242, dev@build-7) and 1 other',
  )
  expect(lockHeldError('db', { ...info, holders: [holder, holder, holder] }, now).message).toBe(
    '"db" is held by cli-beta sync (pid 4242, dev@build-7) and 2 others, for 5 s',
  )
  expect(lockHeldError('db', info).details).toMatchObject({
    holders: [{ id: 'x-1', token: '1', owner }],
    waiting: [],
  })
})

test('who is only the next in turn does not hold the lock', () => {
  const next = { ...info, id: '' }
  expect(describeHolder(next)).toBe('next in line is cli-beta sync (pid 4242, dev@build-7)')
  expect(lockHeldError('db', next).message).toContain('is waited for by cli-beta sync')
  expect(lockHeldError('db', info).message).toContain('is held by cli-beta sync')
})
