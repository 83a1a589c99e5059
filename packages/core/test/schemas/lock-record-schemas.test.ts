import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { LockManager } from '@cli-ops/shared-ipc'
import {
  lockHolderSchema,
  lockSharerNameSchema,
  lockStateNameSchema,
  lockTicketNameSchema,
  lockTicketSchema,
  tokenFloorNameSchema,
} from '@cli-ops/shared-ipc/schemas'
import { describe, expect, test, vi } from 'vitest'

import { holdersIn, namesIn, temporaryHome } from '../fixtures/temporary-home.js'

describe('the files of a lock', () => {
  test.each(['exclusive', 'shared'] as const)('satisfy the schemas, %s', async (mode) => {
    const home = temporaryHome()
    await using locks = new LockManager({ home })
    await using lock = await locks.lock('db', { mode })
    await using outer = await locks.lock('outer')
    const wait = outer.run(() => locks.lock('db'))
    await vi.waitFor(() => expect(namesIn(home, 'queues', 'db')).toHaveLength(1), 20_000)

    const [holder = ''] = holdersIn(home).filter((name) => name.includes(lock.id))
    const [state = ''] = namesIn(home, 'locks', 'db.lock').filter((name) => !/^sharer/u.test(name))
    lockStateNameSchema.parse(state)
    if (mode === 'shared') expect(state).toBe(`shared~${lock.token}`)
    if (mode === 'shared') lockSharerNameSchema.parse(holder)
    else expect(holder).toBe(state)
    const body = lockHolderSchema.parse(read(home, 'locks', 'db.lock', holder))
    expect(body).toMatchObject({ id: lock.id, resource: 'db', mode, token: String(lock.token) })

    const [ticket = ''] = namesIn(home, 'queues', 'db')
    expect(lockTicketNameSchema.parse(ticket)).toContain('~xh~')
    const waiting = lockTicketSchema.parse(read(home, 'queues', 'db', ticket))
    expect(waiting).toMatchObject({ resource: 'db', mode: 'exclusive', held: [outer.id] })

    await lock.release()
    await (await wait).release()
    expect(
      namesIn(home, 'locks', 'db.lock').map((name) => lockStateNameSchema.parse(name)),
    ).toEqual([`free~${lock.token + 1n}`])
  })

  test('are distinguished from others', () => {
    const identity = 'p1.t1.s2.bab.n3.mcd'
    for (const name of ['new~id-1', 'free~7', 'shared~7', `held~7~id-1~${identity}`])
      expect(lockStateNameSchema.safeParse(name).success, name).toBe(true)
    for (const name of ['new~', 'free~07', 'free~7~', `held~id~${identity}`, 'held~7~id~p1'])
      expect(lockStateNameSchema.safeParse(name).success, name).toBe(false)
    expect(lockSharerNameSchema.safeParse(`sharer~id-1~${identity}`).success).toBe(true)
    expect(lockSharerNameSchema.safeParse(`sharer~a/b~${identity}`).success).toBe(false)
    expect(lockTicketNameSchema.safeParse(`1~x~id~${identity}`).success).toBe(false)
    expect(tokenFloorNameSchema.safeParse('07').success).toBe(false)
    expect(lockHolderSchema.safeParse({ resource: 'db' }).success).toBe(false)
  })
})

function read(...path: string[]): unknown {
  return JSON.parse(readFileSync(join(...path), 'utf8').split('\n')[0]!)
}
