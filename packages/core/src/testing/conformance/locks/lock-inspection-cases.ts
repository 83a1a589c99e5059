import assert from 'node:assert/strict'

import type { ConformanceCase } from '../harness/conformance-case.js'
import { enqueue, take } from './lock-actors.js'

/** What others see of a lock. */
export const lockInspectionCases: readonly ConformanceCase[] = [
  {
    name: 'shows nothing of a lock that is free',
    async run(context) {
      const locks = await context.locks()
      assert.equal(await locks.inspect('db'), null)
      await (await take(locks, 'db')).release()
      assert.equal(await locks.inspect('db'), null)
      assert.deepEqual(await locks.list(), [])
    },
  },
  {
    name: 'shows who holds a lock',
    async run(context) {
      const [one, other] = [await context.locks(), await context.locks()]
      const grant = await take(one, 'db')
      const info = await other.inspect('db')
      assert.ok(info !== null)
      const { owner, since } = info
      assert.deepEqual(
        [info.resource, info.id, info.token, info.mode, info.waiters],
        ['db', grant.id, grant.token, 'exclusive', []],
      )
      assert.equal(owner.pid, process.pid)
      for (const text of [owner.name, owner.host, owner.user]) assert.ok(text.length > 0)
      assert.ok(owner.startedAt instanceof Date)
      assert.notEqual(owner.state, 'dead')
      assert.ok(Math.abs(since.getTime() - grant.grantedAt.getTime()) < 60_000)
      await grant.release()
    },
  },
  {
    name: 'shows all sharers of a lock, and their labels',
    needs: ['sharedLocks'],
    async run(context) {
      const [one, other] = [await context.locks(), await context.locks()]
      const first = await take(one, 'db', { mode: 'shared', label: 'production' })
      const second = await take(other, 'db', { mode: 'shared' })
      const info = await other.inspect('db')
      assert.ok(info !== null)
      assert.deepEqual(new Set(info.holders.map(({ id }) => id)), new Set([first.id, second.id]))
      for (const { id, token, owner, since, label } of info.holders) {
        const grant = id === first.id ? first : second
        assert.equal(token, grant.token)
        assert.equal(owner.pid, process.pid)
        assert.ok(Math.abs(since.getTime() - grant.grantedAt.getTime()) < 60_000)
        assert.equal(label, id === first.id ? 'production' : undefined)
      }
      assert.equal(info.id, info.holders[0]?.id)
      await first.release()
      const rest = await other.inspect('db')
      assert.deepEqual(
        rest?.holders.map(({ id }) => id),
        [second.id],
      )
      await second.release()
    },
  },
  {
    name: 'shows which waiters want to share a lock',
    needs: ['sharedLocks'],
    async run(context) {
      const [one, other] = [await context.locks(), await context.locks()]
      const grant = await take(one, 'db')
      const first = await enqueue(context, other, 'db', 0, { mode: 'shared' })
      const second = await enqueue(context, one, 'db', 1)
      const { waiting = [] } = (await other.inspect('db')) ?? {}
      assert.deepEqual(
        waiting.map(({ mode }) => mode),
        ['shared', undefined],
      )
      await grant.release()
      const sharer = await context.settled(first.granted, 'the sharer is served')
      assert.deepEqual(
        Object.keys((await other.inspect('db'))?.holders[0] ?? {}).includes('mode'),
        false,
      )
      await sharer.release()
      await (await context.settled(second.granted, 'the other is served')).release()
    },
  },
  {
    name: 'shows when waiters started to wait, and their labels',
    async run(context) {
      const [one, other] = [await context.locks(), await context.locks()]
      const grant = await take(one, 'db')
      const began = Date.now()
      const first = await enqueue(context, other, 'db', 0, { label: 'staging' })
      const second = await enqueue(context, one, 'db', 1)
      const { waiting = [], waiters = [] } = (await other.inspect('db')) ?? {}
      assert.deepEqual(
        waiting.map(({ label }) => label),
        ['staging', undefined],
      )
      for (const { since } of waiting)
        assert.ok(Math.abs(since.getTime() - began) < 60_000, String(since))
      assert.deepEqual(
        waiting.map(({ owner }) => owner),
        waiters,
      )
      await grant.release()
      await (await context.settled(first.granted, 'the first is served')).release()
      await (await context.settled(second.granted, 'the second is served')).release()
    },
  },
  {
    name: 'shows the waiters in order',
    async run(context) {
      const [one, other] = [await context.locks(), await context.locks()]
      const grant = await take(one, 'db')
      const first = await enqueue(context, other, 'db', 0)
      const second = await enqueue(context, one, 'db', 1)
      const waiters = (await other.inspect('db'))?.waiters ?? []
      assert.deepEqual(
        waiters.map(({ pid }) => pid),
        [process.pid, process.pid],
      )
      await grant.release()
      await (await context.settled(first.granted, 'the first waiter is served')).release()
      await (await context.settled(second.granted, 'the second waiter is served')).release()
      assert.equal(await other.inspect('db'), null)
    },
  },
  {
    name: 'lists what is held or waited for, and nothing else',
    async run(context) {
      const [one, other] = [await context.locks(), await context.locks()]
      const [a, b] = [await take(one, 'a'), await take(other, 'b')]
      await (await take(one, 'c')).release()
      const listed = new Map((await one.list()).map(({ resource, id }) => [resource, id]))
      assert.deepEqual([...listed].sort(), [
        ['a', a.id],
        ['b', b.id],
      ])
      await a.release()
      await b.release()
      assert.deepEqual(await one.list(), [])
    },
  },
  {
    name: 'leaves live owners and waiters alone when cleaning up',
    async run(context) {
      const [one, other] = [await context.locks(), await context.locks()]
      const grant = await take(one, 'db')
      const waiting = await enqueue(context, other, 'db', 0)
      assert.deepEqual(await other.clean(), [])
      assert.equal(grant.isHeld(), true)
      assert.equal(waiting.outcome, 'waiting')
      await grant.release()
      await context.settled(waiting.granted, 'the waiter is served')
    },
  },
]
