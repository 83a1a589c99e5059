import { nextTurn } from '../../../base/wait/next-turn.js'
import assert from 'node:assert/strict'

import type { ConformanceCase } from '../harness/conformance-case.js'
import { assertBusy, newRequest, startWaiting, take } from './lock-actors.js'

/** Names that a driver could confuse if it turns them into paths, keys or object members. */
const TRICKY_NAMES = [
  'db',
  'DB',
  'db.lock',
  'a/b',
  'a:b',
  '../db',
  '*',
  '__proto__',
  'constructor',
  'é',
  'e\u0301',
  ' db',
  'x'.repeat(1024),
  `${'x'.repeat(1023)}y`,
]

/** One owner at a time, and the content of a grant. */
export const lockGrantCases: readonly ConformanceCase[] = [
  {
    name: 'grants a free lock immediately',
    async run(context) {
      const locks = await context.locks()
      const request = newRequest('db')
      const grant = await locks.tryAcquire(request)
      assert.equal(grant?.id, request.id)
      assert.equal(grant.isHeld(), true)
      assert.ok(grant.grantedAt instanceof Date)
      await grant.release()
      assert.equal(grant.isHeld(), false)
    },
  },
  {
    name: 'returns null for a lock that another driver holds',
    async run(context) {
      const [one, other] = [await context.locks(), await context.locks()]
      const grant = await take(one, 'db')
      await assertBusy(other, 'db')
      await assertBusy(one, 'db')
      await grant.release()
      await (await take(other, 'db')).release()
    },
  },
  {
    name: 'acquires a free lock without waiting',
    async run(context) {
      const waiting = startWaiting(context, await context.locks(), 'db')
      assert.equal((await context.settled(waiting.granted, 'a grant')).id, waiting.request.id)
      assert.deepEqual(waiting.told, [])
    },
  },
  {
    name: 'keeps resources separate, whatever their names',
    async run(context) {
      const [one, other] = [await context.locks(), await context.locks()]
      const grants = []
      for (const name of TRICKY_NAMES) grants.push(await take(one, name))
      for (const name of TRICKY_NAMES) await assertBusy(other, name)
      const listed = (await other.list()).map(({ id }) => id)
      assert.deepEqual(listed.sort(), grants.map(({ id }) => id).sort())
      for (const grant of grants) await grant.release()
    },
  },
  {
    name: 'keeps the locks of namespaces separate',
    async run(context) {
      const grant = await take(await context.locks(), 'db')
      const elsewhere = await context.locks('another')
      assert.equal(await elsewhere.inspect('db'), null)
      await (await take(elsewhere, 'db')).release()
      assert.equal(grant.isHeld(), true)
      await grant.release()
    },
  },
  {
    name: 'admits one owner at a time under contention',
    async run(context) {
      const drivers = [await context.locks(), await context.locks(), await context.locks()]
      let inside = 0
      let most = 0
      const turns = Array.from({ length: 24 }, async (_, turn) => {
        const locks = drivers[turn % drivers.length] ?? (await context.locks())
        const grant = await startWaiting(context, locks, 'db').granted
        inside += 1
        most = Math.max(most, inside)
        await nextTurn()
        inside -= 1
        await grant.release()
      })
      await context.settled(Promise.all(turns), '24 turns')
      assert.equal(most, 1)
    },
  },
  {
    name: 'raises the token with every grant',
    async run(context) {
      const [one, other] = [await context.locks(), await context.locks()]
      let last = -1n
      for (let turn = 0; turn < 10; turn += 1) {
        const grant = await take(turn % 2 === 0 ? one : other, 'db')
        assert.ok(grant.token > last, `${grant.token} must be above ${last}`)
        last = grant.token
        await grant.release()
      }
    },
  },
  {
    name: 'releases once, and never what a later owner holds',
    async run(context) {
      const [one, other] = [await context.locks(), await context.locks()]
      const first = await take(one, 'db')
      await first.release()
      await first.release()
      const second = await take(other, 'db')
      await first.release()
      assert.equal(second.isHeld(), true)
      assert.equal((await one.inspect('db'))?.id, second.id)
      await second.release()
    },
  },
  {
    name: 'takes and releases synchronously',
    needs: ['synchronous'],
    async run(context) {
      const [one, other] = [await context.locks(), await context.locks()]
      const grant = one.tryAcquireSync?.(newRequest('db')) ?? null
      assert.ok(grant?.releaseSync !== undefined)
      assert.equal(other.tryAcquireSync?.(newRequest('db')), null)
      grant.releaseSync()
      grant.releaseSync()
      assert.equal(grant.isHeld(), false)
      await (await take(other, 'db')).release()
    },
  },
]
