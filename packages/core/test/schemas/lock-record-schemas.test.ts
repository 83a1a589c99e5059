import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { LockManager } from '@cli-ops/shared-ipc'
import {
  fencingTokenNameSchema,
  lockEntryNameSchema,
  lockEntrySchema,
  lockTicketNameSchema,
  lockTicketSchema,
} from '@cli-ops/shared-ipc/schemas'
import { describe, expect, test, vi } from 'vitest'

import { namesIn, temporaryHome } from '../fixtures/temporary-home.js'

describe('the files of a lock', () => {
  test.each(['exclusive', 'shared'] as const)('satisfy the schemas, %s', async (mode) => {
    const home = temporaryHome()
    await using locks = new LockManager({ home })
    await using lock = await locks.lock('db', { mode })
    await using outer = await locks.lock('outer')
    const wait = outer.run(() => locks.lock('db'))
    await vi.waitFor(() => expect(namesIn(home, 'queues', 'db')).toHaveLength(1))

    const [entry = ''] = namesIn(home, 'locks', 'db.lock')
    expect(lockEntryNameSchema.parse(entry).startsWith(mode === 'shared' ? 's~' : 'x~')).toBe(true)
    const body = lockEntrySchema.parse(read(home, 'locks', 'db.lock', entry))
    expect(body).toMatchObject({ resource: 'db', mode, token: String(lock.token) })

    const [ticket = ''] = namesIn(home, 'queues', 'db')
    expect(lockTicketNameSchema.parse(ticket)).toContain('~xh~')
    const waiting = lockTicketSchema.parse(read(home, 'queues', 'db', ticket))
    expect(waiting).toMatchObject({ resource: 'db', mode: 'exclusive', held: [outer.id] })

    expect(namesIn(home, 'tokens', 'db').map((name) => fencingTokenNameSchema.parse(name))).toEqual(
      [String(lock.token)],
    )
    await lock.release()
    await (await wait).release()
  })

  test('are told from others', () => {
    const identity = 'p1.t1.s2.bab.n3.mcd'
    expect(lockEntryNameSchema.safeParse(`x~id-1~${identity}`).success).toBe(true)
    for (const name of [`y~id~${identity}`, `x~${identity}`, 'x~id~p1', `x~a/b~${identity}`])
      expect(lockEntryNameSchema.safeParse(name).success, name).toBe(false)
    expect(lockTicketNameSchema.safeParse(`1~x~id~${identity}`).success).toBe(false)
    expect(fencingTokenNameSchema.safeParse('07').success).toBe(false)
    expect(lockEntrySchema.safeParse({ resource: 'db' }).success).toBe(false)
  })
})

function read(...path: string[]): unknown {
  return JSON.parse(readFileSync(join(...path), 'utf8'))
}
