import assert from 'node:assert/strict'

import type { ConformanceCase } from '../harness/conformance-case.js'
import { type EngineLink, LIMITS, SHORT_LIMITS } from '../harness/engine-faults.js'
import { enqueue, locksOf, newRequest, openTwo, startWaiting, take } from '../locks/lock-actors.js'
import { pause } from '../../../base/wait/pause.js'

/** Locks while the engine, or the connection to it, fails. */
export const lockFaultCases: readonly ConformanceCase[] = [
  {
    name: 'reports the loss to an owner that was cut off before another one gets the lock',
    needs: ['leases', 'openLink'],
    async run(context) {
      const link = await context.link()
      const grant = await take(locksOf(await context.driverOver(link)), 'db')
      let calls = 0
      context.defer(
        grant.onLost(() => {
          calls += 1
        }),
      )
      link.cut()
      const other = locksOf(await context.openAt(SHORT_LIMITS))
      const waiting = startWaiting(context, other, 'db')
      const heldThen = waiting.granted.then(() => grant.isHeld())
      assert.equal(await context.settled(heldThen, 'the waiter is served'), false)
      await context.eventually(() => calls > 0, 'onLost is called')
      const next = await waiting.granted
      assert.ok(next.token > grant.token)
      link.heal()
      await grant.release()
      assert.equal(next.isHeld(), true)
      assert.equal((await other.inspect('db'))?.id, next.id)
      assert.equal(calls, 1)
    },
  },
  {
    name: 'keeps a lease through a shorter cut',
    needs: ['leases', 'openLink'],
    async run(context) {
      const leaseMs = 2 * SHORT_LIMITS.leaseMs
      const link = await context.link()
      const grant = await take(locksOf(await context.driverOver(link, { leaseMs })), 'db')
      link.cut()
      await pause(leaseMs / 4)
      link.heal()
      await pause(leaseMs * 1.25)
      assert.equal(grant.isHeld(), true)
      await grant.release()
    },
  },
  {
    name: 'keeps a lease beyond its length while its owner is alive',
    needs: ['leases'],
    async run(context) {
      const locks = locksOf(await context.openAt(SHORT_LIMITS))
      const grant = await take(locks, 'db')
      await pause(2 * SHORT_LIMITS.leaseMs)
      assert.equal(grant.isHeld(), true)
      assert.equal((await locks.inspect('db'))?.id, grant.id)
      await grant.release()
    },
  },
  {
    name: 'skips a waiter that was cut off',
    needs: ['openLink'],
    async run(context) {
      const link = await context.link()
      const [one, other] = await openTwo(context, SHORT_LIMITS)
      const held = await take(one, 'db')
      await enqueue(context, locksOf(await context.driverOver(link)), 'db', 0)
      const waiting = await enqueue(context, other, 'db', 1)
      link.cut()
      await held.release()
      await (await context.settled(waiting.granted, 'the next waiter is served')).release()
    },
  },
  {
    name: 'grants a free lock immediately behind a waiter whose connection has ended',
    needs: ['openLink'],
    async run(context) {
      const link = await context.link()
      const [one, other] = await openTwo(context, LIMITS)
      const held = await take(one, 'db')
      // A lease that outlasts the case.
      const gone = await context.driverOver(link, { ...LIMITS, leaseMs: 600_000 })
      await enqueue(context, locksOf(gone), 'db', 0)
      const waiting = await enqueue(context, other, 'db', 1)
      // Nobody can see when a waiter listens, nor when the engine has noticed that it is gone.
      await pause(SHORT_LIMITS.leaseMs)
      endConnection(link)
      await pause(SHORT_LIMITS.leaseMs)
      await held.release()
      await (await context.settled(waiting.granted, 'the next waiter is served')).release()
      const next = await context.eventually(
        () => Promise.resolve(other.tryAcquire(newRequest('db'))),
        'the lock can be acquired',
      )
      await next.release()
      link.heal()
    },
  },
  {
    name: 'counts no waiter whose connection has ended',
    needs: ['openLink'],
    async run(context) {
      const link = await context.link()
      const [one, other] = await openTwo(context, LIMITS)
      await take(one, 'db')
      // A lease that outlasts the case.
      const gone = locksOf(await context.driverOver(link, { ...LIMITS, leaseMs: 600_000 }))
      await enqueue(context, gone, 'db', 0)
      await enqueue(context, gone, 'db', 1)
      // Nobody can see when a waiter listens.
      await pause(SHORT_LIMITS.leaseMs)
      endConnection(link)
      await context.eventually(
        async () => (await one.inspect('db'))?.waiting.length === 0,
        'no waiter is listed',
      )
      const { told } = await enqueue(context, other, 'db', 0)
      await context.eventually(() => told.length > 0, 'the waiter is told of its position')
      const [{ queue, waiting } = { queue: undefined, waiting: [] }] = told
      assert.equal(queue?.position ?? waiting.length, 1)
      link.heal()
    },
  },
  {
    name: 'hands over after the owner and its driver disappear without a release',
    needs: ['leases'],
    async run(context) {
      const gone = await context.openAt(SHORT_LIMITS)
      const grant = await take(locksOf(gone), 'db')
      const other = locksOf(await context.openAt(SHORT_LIMITS))
      const waiting = await enqueue(context, other, 'db', 0)
      await context.closeDriver(gone)
      const next = await context.settled(waiting.granted, 'the waiter is served')
      assert.equal(grant.isHeld(), false)
      assert.ok(next.token > grant.token)
    },
  },
  {
    name: 'raises the token across an engine crash',
    needs: ['kill'],
    async run(context) {
      const locks = locksOf(await context.openAt(SHORT_LIMITS))
      const before = await take(locks, 'db')
      const restart = await context.kill()
      await restart()
      // A lock that the engine still has is released; a lost one needs no release.
      await Promise.resolve(before.release()).catch(() => undefined)
      const after = await context.eventually(
        () => Promise.resolve(locks.tryAcquire(newRequest('db'))).catch(() => null),
        'the lock can be acquired again',
      )
      assert.ok(after.token > before.token, `${after.token} must be above ${before.token}`)
    },
  },
  {
    name: 'serves a waiter after a pause of the engine',
    needs: ['pause'],
    async run(context) {
      const leaseMs = 4 * SHORT_LIMITS.leaseMs
      const [one, other] = [
        locksOf(await context.openAt({ ...SHORT_LIMITS, leaseMs })),
        locksOf(await context.openAt({ ...SHORT_LIMITS, leaseMs })),
      ]
      const held = await take(one, 'db')
      const waiting = await enqueue(context, other, 'db', 0)
      const resume = await context.pause()
      await pause(2 * SHORT_LIMITS.timeoutMs)
      assert.equal(waiting.outcome, 'waiting')
      await resume()
      await held.release()
      await context.settled(waiting.granted, 'the waiter is served')
    },
  },
  {
    name: 'ends an aborted wait while the engine is suspended',
    needs: ['pause'],
    async run(context) {
      const [one, other] = await openTwo(context, SHORT_LIMITS)
      await take(one, 'db')
      const waiting = await enqueue(context, other, 'db', 0)
      await context.pause()
      const reason = new Error('enough')
      waiting.abort(reason)
      await assert.rejects(
        context.settled(waiting.granted, 'the wait ends'),
        (error) => error === reason,
      )
    },
  },
]

/** As when the process behind it is killed. */
function endConnection(link: EngineLink): void {
  link.cut()
  link.reset()
}
