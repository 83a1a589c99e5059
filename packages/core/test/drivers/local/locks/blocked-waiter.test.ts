import { expect, test } from 'vitest'

import type { WatchingThread } from '../../../../src/base/wait/watching-thread.js'
import { BlockedWaiter } from '../../../../src/drivers/local/locks/blocked-waiter.js'
import type { LockContext } from '../../../../src/drivers/local/locks/lock-context.js'
import { PollPace } from '../../../../src/drivers/local/locks/poll-pace.js'
import type { QueuePosition } from '../../../../src/drivers/local/locks/queue-position.js'

const HOLDER = { text: 'holder', identity: { pid: 1 } }

/** Returns a waiter at a queue position, on a clock that its sleeps advance, and the lengths of the sleeps. */
function blocked(position: number, { canWatch = true, hearsOfEnd = true } = {}) {
  let nowMs = 0
  const sleeps: number[] = []
  const sleep = (ms: number): void => {
    sleeps.push(ms)
    nowMs += ms
  }
  const thread = {
    hints: 0,
    watched: '',
    watches(key: string, paths: () => readonly string[]) {
      if (thread.watched === key) return canWatch
      paths()
      thread.watched = key
      return false
    },
    block: sleep,
    close: () => undefined,
  }
  const context = {
    clock: { monotonicNs: () => BigInt(Math.round(nowMs)) * 1_000_000n, sleep },
    surroundings: {
      watchWhileBlocked: () => thread as unknown as WatchingThread,
      lifeFileOf: () => (hearsOfEnd ? '/proc/1/fd/3' : undefined),
    },
  } as unknown as LockContext
  const pace = new PollPace(4, 0)
  const turn = {
    watchable: position < 4 ? '/locks/db.lock' : undefined,
    awaited: position < 4 ? [HOLDER] : [],
    pollMs: ({ change, end }: { change: boolean; end: boolean }) =>
      pace.nextMs(position, { hearsOfChange: change, hearsOfEnd: end }, nowMs),
  } as unknown as QueuePosition
  const waiter = new BlockedWaiter(context, 0n)
  const look = (): void => {
    waiter.beginLook()
    waiter.sleep([turn], Infinity)
  }
  const waitUntil = (ms: number): void => {
    while (nowMs < ms) look()
  }
  return { sleeps, thread, look, waitUntil }
}

test('after a second the kernel wakes the waiter, which otherwise checks every other second', () => {
  const { sleeps, waitUntil } = blocked(0)
  waitUntil(1000)
  expect(Math.max(...sleeps)).toBe(10)
  sleeps.length = 0
  waitUntil(9000)
  // The first check finds that nothing is watched yet.
  expect(sleeps.slice(1)).toEqual([2000, 2000, 2000, 2000])
})

test('after a hint it checks soon and again, since an ending process exists for another moment', () => {
  const { sleeps, thread, look, waitUntil } = blocked(0)
  waitUntil(5000)
  sleeps.length = 0
  thread.hints += 1
  for (let looks = 0; looks < 9; looks += 1) look()
  expect(sleeps).toEqual([1, 2, 4, 8, 16, 32, 64, 2000, 2000])
})

test.each([
  ['nothing can be watched', { canWatch: false }],
  ['the end of the holder is not heard of', { hearsOfEnd: false }],
])('if %s it checks less often the longer nothing has moved', (_why, options) => {
  const { sleeps, waitUntil } = blocked(0, options)
  waitUntil(60_000)
  expect(sleeps.at(-1)).toBe(50)
})

test('far back in a queue that does not move it checks once a second', () => {
  const { sleeps, waitUntil } = blocked(7)
  waitUntil(60_000)
  expect(sleeps.at(-1)).toBe(1000)
})
