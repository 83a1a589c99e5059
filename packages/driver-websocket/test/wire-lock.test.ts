import type { LockInfo, Owner } from '@cli-ops/shared-ipc'
import { expect, test } from 'vitest'

import { decodeLockInfo, encodeLockInfo } from '../src/protocol/wire-lock.js'

test('a client learns until when the store of the hub grants nothing', () => {
  const since = new Date()
  const owner: Owner = {
    name: 'a',
    pid: 1,
    host: 'h',
    user: 'u',
    startedAt: since,
    state: 'running',
  }
  const closedUntil = new Date(Date.now() + 3_600_000)
  const info: LockInfo = {
    ...{ resource: 'db', id: '', token: 0n, owner, since, mode: 'exclusive', holders: [] },
    ...{ waiters: [owner], waiting: [{ owner, since }], closedUntil },
  }
  const sent = JSON.parse(JSON.stringify(encodeLockInfo(info))) as ReturnType<typeof encodeLockInfo>
  const received = decodeLockInfo(sent)
  expect(received).toMatchObject({ resource: 'db', id: '', waiters: [{ name: 'a' }] })
  expect(received?.closedUntil?.getTime()).toBeGreaterThanOrEqual(closedUntil.getTime())
  expect(decodeLockInfo({ ...sent, closedForMs: -1 })).not.toHaveProperty('closedUntil')
})
