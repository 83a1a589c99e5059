import { expect, onTestFinished, test } from 'vitest'
import { type Joining, joinRun } from '../../../src/command/runs/join-run.js'
import { runEndedRecord } from '../../../src/command/runs/run-ended.js'
import { takeStepsNow } from '../../../src/command/runs/steps.js'
import { createLocalDriver } from '../../../src/drivers/local/local-driver.js'
import type { EventDriver } from '../../../src/events/contract/event-driver.js'
import { DEFAULT_RETENTION } from '../../../src/events/contract/default-retention.js'
import type { LockDriver } from '../../../src/locks/contract/lock-driver.js'
import { nextLockId } from '../../../src/locks/contract/lock-id.js'
import { temporaryHome } from '../../fixtures/temporary-home.js'

test('tells how a run ended whose event was stored just before it was joined', () => {
  const { hold, join } = aRun()
  const run = hold()
  run.tell(3)
  expect(join(() => run.release())).toMatchObject({ details: { exitCode: 3 } })
})

test('tells how a run ended that noticed only after its release that it was joined', () => {
  const { hold, join } = aRun()
  const run = hold()
  let isReleased = false
  const end = join((isGone) => {
    if (!isReleased) run.release()
    isReleased = true
    if (isGone()) run.tell(3)
  })
  expect(end).toMatchObject({ details: { exitCode: 3 } })
})

test('a run that ended without a word ended badly, whatever an earlier one told', () => {
  const { hold, join } = aRun()
  const earlier = hold()
  earlier.tell(0)
  earlier.release()
  const run = hold()
  expect(join(() => run.release())).toMatchObject({ details: { exitCode: null } })
})

/** Runs under one lock, and a process that joins them without an await. */
function aRun() {
  const resource = `deploy-${nextLockId()}`
  const driver = createLocalDriver({ home: temporaryHome(), namespace: '' })
  onTestFinished(() => void driver.close())
  const { locks, events } = driver as { locks: LockDriver; events: EventDriver }
  const hold = () => {
    const id = nextLockId()
    const grant = locks.tryAcquireSync?.({ resource, mode: 'exclusive', id, held: [] })
    return {
      release: () => grant?.releaseSync?.(),
      tell: (exitCode: number) =>
        events.appendSync?.([runEndedRecord(resource, id, exitCode)], {
          retention: DEFAULT_RETENTION,
          durable: false,
        }),
    }
  }
  /** @param onRest called whenever the process that joins rests; it can ask whether that one has seen that the lock is free */
  const join = (onRest: (isGone: () => boolean) => void) => {
    let looks: unknown[] = []
    const joining: Joining = {
      locks: {
        tryAcquireSync: (request) => locks.tryAcquireSync?.(request) ?? null,
        tryAcquire: (request) => locks.tryAcquire(request),
        inspect: (name) => {
          const info = locks.inspect(name)
          looks = [...looks, info]
          return info
        },
      },
      events,
      ready: () => undefined,
      rest: () => onRest(() => looks.at(-1) === null),
      onWait: () => undefined,
      findDeadlock: () => undefined,
    }
    return takeStepsNow(joinRun(joining, resource))
  }
  return { hold, join }
}
