import assert from 'node:assert/strict'

import type { Driver, EventDriver, LockDriver } from '../../../drivers/driver.js'
import { isCliOpsError } from '../../../base/errors/cli-ops-error.js'
import { parseEngineUrl } from '../../../engine/parse-engine-url.js'
import { pause } from '../../../base/wait/pause.js'
import type { CaseContext } from '../harness/case-context.js'
import type { ConformanceCase } from '../harness/conformance-case.js'
import type { ClusterFaults, EngineStage } from '../harness/engine-stage.js'
import { emit, KEEP, openReading, range } from '../events/event-actors.js'
import { newRequest, startWaiting } from '../locks/lock-actors.js'
import { works } from './driver-fault-cases.js'

type Fault = keyof ClusterFaults

/** Faults after which an engine might have lost acknowledged data, or might judge leases by another clock. */
const AFTER: Readonly<Partial<Record<Fault, string>>> = {
  demote: 'another node has taken over',
  loseWrites: 'a node without the last writes has taken over',
  move: 'the namespace was moved to another node',
  forget: 'the engine has come back empty',
  flush: 'the engine was emptied',
  evict: 'the engine has evicted its records of holders',
  clockForward: 'the clock of the engine was set forward',
  clockBack: 'the clock of the engine was set back',
}

/** The shortest limits that a busy machine can keep. */
const LIMITS = { timeoutMs: 2_000, leaseMs: 2_000 }

const faults = Object.entries(AFTER) as [Fault, string][]

/** Opens a driver on a staged engine. */
function openAt(context: CaseContext, stage: EngineStage): Promise<Driver> {
  const url = parseEngineUrl(stage.url)
  assert.ok(url !== undefined, 'url must be one')
  return context.openAt({ url, ...LIMITS })
}

/** What works again, and how soon, in an existing process. */
export const clusterFaultCases: readonly ConformanceCase[] = faults.map(([fault, after]) => ({
  name: `works again, in a process that was connected before, once ${after}`,
  needs: [fault],
  async run(context) {
    const stage = await context.stage(fault)
    const driver = await openAt(context, stage)
    await works(context, driver)
    await stage.strike()
    await works(context, driver)
  },
}))

export const clusterLockCases: readonly ConformanceCase[] = [
  ...faults.map(([fault, after]): ConformanceCase => {
    return {
      name: `has one owner at a time, and a token that rises, when ${after}`,
      needs: ['leases', fault],
      async run(context) {
        const stage = await context.stage(fault)
        const [one, other] = [
          locksOf(await openAt(context, stage)),
          locksOf(await openAt(context, stage)),
        ]
        const spent = await taken(context, one)
        await spent.release()
        await stage.lag?.()
        const grant = await taken(context, one)
        assert.ok(grant.token > spent.token, `${grant.token} must be above ${spent.token}`)
        await stage.strike()
        const waiting = keepAsking(context, other)
        // Its owner continues for longer than a lease, unless it learns of a loss.
        const until = performance.now() + 2.5 * LIMITS.leaseMs
        while (grant.isHeld() && performance.now() < until) {
          assert.ok(!waiting.hasIt, 'nobody else has the lock while its owner has it')
          await pause(5)
        }
        const next = releasedBy(grant, waiting.granted)
        assert.ok((await context.settled(next, 'the next one is served')).token > grant.token)
      },
    }
  }),
  {
    name: 'keeps and releases held locks while the engine is full',
    needs: ['leases', 'fill'],
    async run(context) {
      const stage = await context.stage('fill')
      const [one, other] = [
        locksOf(await openAt(context, stage)),
        locksOf(await openAt(context, stage)),
      ]
      const grant = await taken(context, one)
      const waiting = startWaiting(context, other, 'db')
      await context.eventually(() => waiting.told.length > 0, 'it waits')
      await stage.strike()
      await pause(2 * LIMITS.leaseMs)
      assert.equal(grant.isHeld(), true)
      await grant.release()
      const next = await context.settled(waiting.granted, 'the waiter is served')
      assert.ok(next.token > grant.token)
      // A lock takes little space; an engine that has none must report it.
      await Promise.resolve(one.tryAcquire(newRequest('new'))).catch((error: unknown) => {
        assert.ok(isCliOpsError(error, 'ENGINE_UNAVAILABLE'))
      })
    },
  },
]

export const clusterEventCases: readonly ConformanceCase[] = [
  ...(['demote', 'loseWrites', 'forget', 'flush', 'move'] as const).map((fault) => ({
    name: `misses no acknowledged event silently when ${AFTER[fault] ?? ''}`,
    needs: [fault, 'replay'] as const,
    async run(context: CaseContext) {
      const stage = await context.stage(fault)
      const before = eventsOf(await openAt(context, stage))
      const cursors = await emit(before, range(0, 5))
      await stage.lag?.()
      await emit(before, range(5, 8))
      await stage.strike()
      // A new driver, without knowledge of the past.
      const after = eventsOf(await openAt(context, stage))
      await context.eventually(
        () =>
          emit(after, ['after']).then(
            () => true,
            () => false,
          ),
        'an event can be stored again',
      )
      const last = cursors[2]
      assert(last !== undefined)
      const reading = await openReading(context, after, { from: last })
      await reading.readUpTo('after')
      const numbers = reading.data.filter((datum) => typeof datum === 'number')
      if (reading.gaps.length === 0) assert.deepEqual(numbers, range(3, 8))
      else assert.deepEqual(numbers, range(3, 8).slice(0, numbers.length))
    },
  })),
  {
    name: 'stores nothing that it rejects for lack of permission',
    needs: ['refuse', 'replay'],
    async run(context) {
      const stage = await context.stage('refuse')
      const events = eventsOf(await openAt(context, stage))
      await emit(events, ['before'])
      await stage.strike()
      await assert.rejects(emit(events, ['refused']), (error) => isCliOpsError(error, 'FORBIDDEN'))
      const reading = await openReading(context, events, { from: 'earliest' })
      await reading.read(1)
      assert.deepEqual(reading.data, ['before'])
    },
  },
  {
    name: 'stores nothing that it rejects for lack of space',
    needs: ['fill', 'replay'],
    async run(context) {
      const stage = await context.stage('fill')
      const events = eventsOf(await openAt(context, stage))
      await emit(events, ['before'])
      await stage.strike()
      await assert.rejects(emit(events, ['x'.repeat(10_000)]), (error) => isCliOpsError(error))
      const reading = await openReading(context, events, { from: 'earliest' })
      await reading.read(1)
      assert.deepEqual(reading.data, ['before'])
    },
  },
  {
    name: 'refuses durability unless the engine provides it',
    needs: ['volatile', 'replay'],
    async run(context) {
      const stage = await context.stage('volatile')
      const events = eventsOf(await openAt(context, stage))
      const kept = await emit(events, ['kept'], { ...KEEP, durable: true }).then(
        () => true,
        (error: unknown) => {
          assert.ok(isCliOpsError(error, 'UNSUPPORTED'))
          return false
        },
      )
      await stage.strike()
      if (!kept) return
      const after = eventsOf(await openAt(context, stage))
      const reading = await openReading(context, after, { from: 'earliest' })
      await reading.readUpTo('kept')
    },
  },
]

/** Takes a lock once the engine grants it. */
function taken(context: CaseContext, locks: LockDriver) {
  return context.settled(startWaiting(context, locks, 'db').granted, 'the lock is granted')
}

/** Waits for the lock, and again after a short outage of the engine. */
function keepAsking(context: CaseContext, locks: LockDriver) {
  const asking = { hasIt: false }
  const granted = context.eventually(
    () =>
      startWaiting(context, locks, 'db').granted.then(
        (grant) => {
          asking.hasIt = true
          return grant
        },
        () => undefined,
      ),
    'the lock is granted',
  )
  granted.catch(() => undefined)
  return Object.assign(asking, { granted })
}

async function releasedBy<T>(grant: { release(): unknown }, next: Promise<T>): Promise<T> {
  await Promise.resolve(grant.release()).catch(() => undefined)
  return next
}

function locksOf({ locks }: Driver): LockDriver {
  assert.ok(locks !== undefined)
  return locks
}

function eventsOf({ events }: Driver): EventDriver {
  assert.ok(events !== undefined)
  return events
}
