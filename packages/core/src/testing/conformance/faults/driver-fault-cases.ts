import assert from 'node:assert/strict'

import type { Driver } from '../../../drivers/driver.js'
import { randomId } from '../../../base/names/random-id.js'
import type { CaseContext } from '../harness/case-context.js'
import type { ConformanceCase } from '../harness/conformance-case.js'
import { type EngineFaults, SHORT_LIMITS } from '../harness/engine-faults.js'
import { KEEP, recordOf } from '../events/event-actors.js'
import { newRequest } from '../locks/lock-actors.js'
import { newRecord } from '../registry/registry-actors.js'
import { LIMITS as RPC_LIMITS } from '../rpc/rpc-actors.js'

/** An engine that does not answer, and one that was unavailable. */
export const driverFaultCases: readonly ConformanceCase[] = [
  {
    name: 'stops opening when its signal is aborted and nothing answers',
    needs: ['openLink'],
    async run(context) {
      const link = await context.link()
      link.cut()
      const driver = context.closedDriver({ url: new URL(link.url), ...SHORT_LIMITS })
      const opening = driver.open?.(AbortSignal.timeout(SHORT_LIMITS.timeoutMs))
      await assert.rejects(context.settled(Promise.resolve(opening), 'open settles'), isOfDriver)
    },
  },
  settling('the engine is suspended', 'pause', async (context) => {
    const driver = await context.openAt(SHORT_LIMITS)
    return { driver, remedy: await context.pause() }
  }),
  settling('the connection is cut', 'openLink', async (context) => {
    const link = await context.link()
    const driver = await context.driverOver(link)
    link.cut()
    return { driver, remedy: () => link.heal() }
  }),
  {
    name: 'works again after its connections were reset',
    needs: ['openLink'],
    async run(context) {
      const link = await context.link()
      const driver = await context.driverOver(link)
      link.reset()
      await works(context, driver)
    },
  },
  settling('the engine is down', 'kill', async (context) => {
    const driver = await context.openAt(SHORT_LIMITS)
    return { driver, remedy: await context.kill() }
  }),
  {
    name: 'closes while the connection is cut',
    needs: ['openLink'],
    async run(context) {
      const link = await context.link()
      const driver = await context.driverOver(link)
      await works(context, driver)
      link.cut()
      await context.settled(context.closeDriver(driver), 'close settles')
    },
  },
]

/** A case that stages a fault under an open driver, makes every call, and ends the fault. */
function settling(
  fault: string,
  need: keyof EngineFaults,
  stage: (
    context: CaseContext,
  ) => Promise<{ readonly driver: Driver; readonly remedy: () => void | Promise<void> }>,
): ConformanceCase {
  return {
    name: `settles every call while ${fault}, and works again afterwards`,
    needs: [need],
    async run(context) {
      const { driver, remedy } = await stage(context)
      await context.settled(callEverything(driver), 'every call settles')
      await remedy()
      await works(context, driver)
    },
  }
}

/** Makes every possible call and waits until all have settled. */
async function callEverything(driver: Driver): Promise<void> {
  const { locks, events, registry, rpc } = driver
  const signal = AbortSignal.timeout(SHORT_LIMITS.timeoutMs)
  const record = newRecord('cli-alpha')
  const reader = events?.openReader({ from: 'latest' })
  const calls: (() => unknown)[] = [
    () => locks?.tryAcquire(newRequest(randomId())),
    () => locks?.acquire(newRequest(randomId()), { signal }),
    () => locks?.inspect('db'),
    () => locks?.list(),
    () => locks?.forceRelease('db', 'nobody'),
    () => locks?.clean(),
    () => events?.append([recordOf('into the void')], KEEP),
    () => events?.clean(KEEP.retention),
    () => reader?.wait(signal),
    () => registry?.register(record),
    () => registry?.discover({ probe: true }),
    () => registry?.unregister(record.name, record.instance),
    () => registry?.clean(),
    () => rpc?.listen({ name: 'cli-alpha', instance: randomId() }, () => undefined, RPC_LIMITS),
    () => rpc?.connect('nowhere', RPC_LIMITS, signal),
  ]
  await Promise.allSettled(calls.map(async (call) => call()))
  reader?.close()
}

/** Waits until a driver works again. A call can still fail with the connection that it was made on. */
export async function works(context: CaseContext, driver: Driver): Promise<void> {
  const { locks, events, registry, rpc } = driver
  const signal = AbortSignal.timeout(2 ** 30)
  const tries: (() => unknown)[] = [
    async () => (await locks?.tryAcquire(newRequest(randomId())))?.release(),
    () => events?.append([recordOf('again')], KEEP),
    () => registry?.discover({ probe: false }),
    async () => {
      const service = { name: 'again', instance: randomId() }
      const listener = await rpc?.listen(service, () => undefined, RPC_LIMITS)
      if (listener === undefined) return
      const channel = await rpc?.connect(listener.endpoint, RPC_LIMITS, signal)
      channel?.close()
      await listener.close()
    },
  ]
  for (const attempt of tries) {
    await context.eventually(async () => {
      try {
        await attempt()
        return true
      } catch (error) {
        assert.ok(isOfDriver(error))
        return false
      }
    }, 'the driver works again')
  }
}

/** Distinguishes a driver's errors from the suite's and from programming errors. */
function isOfDriver(error: unknown): error is Error {
  return (
    error instanceof Error &&
    !(error instanceof assert.AssertionError) &&
    !(error instanceof ReferenceError)
  )
}
