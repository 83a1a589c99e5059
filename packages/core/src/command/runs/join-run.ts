import type { CliOpsError } from '../../base/errors/cli-ops-error.js'
import { monotonicMs } from '../../base/process/monotonic-time.js'
import type { MaybePromise } from '../../base/wait/maybe-promise.js'
import type { EventDriver, EventReader } from '../../events/contract/event-driver.js'
import type { LockDriver } from '../../locks/contract/lock-driver.js'
import type { LockInfo } from '../../locks/contract/lock-types.js'
import { ANCESTOR_GRACE_MS } from '../../base/process/ancestors.js'
import type { FindDeadlock } from './find-deadlock.js'
import { markJoining, unmarkJoining } from './join-mark.js'
import { exitCodeIn } from './run-ended.js'
import { runJoinedError } from './run-errors.js'
import { type Steps, value } from './steps.js'

/** How often to check whether the run still exists. Its event tells how it ended, unless it was killed. */
const LOOK_EVERY_MS = 500
/** A run that noticed late that it was joined stores its event after its release. */
const LATE_EVENT_MS = 200
/** If events travel over a network, the lock can be free before the event is stored. */
const LATE_EVENT_OF_ENGINE_MS = 2_000
/** How long before it was joined a run can have stored its event, with the lock not yet released. Includes differences between clocks. */
const EARLY_EVENT_MS = 10_000

/**
 * The last run that was joined here, by resource. It tells its end while it still holds the lock, and a host that lives on must not join
 * what it has seen end.
 */
const joined = new Map<string, string>()

/** What joining a run needs. */
export interface Joining {
  readonly locks: Pick<LockDriver, 'inspect' | 'tryAcquire' | 'tryAcquireSync'>
  readonly events: EventDriver
  /** Waits until a reader's position is fixed. */
  ready(reader: EventReader): MaybePromise<void>
  /** Waits for this time, or until there might be an event. Throws when the wait is over. */
  rest(reader: EventReader, ms: number): MaybePromise<void>
  /** Called with the current holder. Can throw if the wait would never end. */
  readonly onWait: (info: LockInfo) => void
  readonly findDeadlock: FindDeadlock
}

/**
 * Waits for a lock's holder to end, without entering the queue, and returns the outcome to report: `RUN_JOINED` with the exit code. Returns
 * `undefined` if no process holds the lock.
 *
 * @throws CliOpsError `LOCK_DEADLOCK` if the holder waits for this flow or process
 */
export function* joinRun(joining: Joining, resource: string): Steps<CliOpsError | undefined> {
  const { locks, events, onWait } = joining
  const seen = yield* value(locks.inspect(resource))
  if (seen?.holders[0] === undefined) return undefined
  const joinedAt = Date.now()
  const reader = events.openReader({ from: 'latest' })
  const mark = yield* markJoining(locks, resource)
  try {
    yield joining.ready(reader)
    // The run is over only after this check, so it can see the mark. Its event usually follows the reader's position.
    const info = yield* value(locks.inspect(resource))
    const holder = info?.holders[0]
    if (info === null || holder === undefined || joined.get(resource) === holder.id)
      return undefined
    onWait(info)
    const exitCode =
      (yield* endOf(joining, reader, resource, holder.id)) ??
      (yield* earlyEndOf(joining, joinedAt, holder.id))
    joined.set(resource, holder.id)
    return runJoinedError(resource, holder, exitCode)
  } finally {
    reader.close()
    yield* unmarkJoining(mark)
  }
}

/** Returns the exit code of the run with this lock; `null` if it ended without reporting one. */
function* endOf(
  joining: Joining,
  reader: EventReader,
  resource: string,
  id: string,
): Steps<number | null> {
  const { locks, events } = joining
  const patientUntil = monotonicMs() + ANCESTOR_GRACE_MS
  let lookAt = monotonicMs() + LOOK_EVERY_MS
  let goneAt: number | undefined
  for (;;) {
    for (let batch = reader.poll(); batch !== undefined; batch = reader.poll()) {
      const exitCode = exitCodeIn(batch, id)
      if (exitCode !== undefined) return exitCode
    }
    const now = monotonicMs()
    if (goneAt !== undefined && now >= goneAt) return null
    if (goneAt === undefined && now >= lookAt) {
      const info = yield* value(locks.inspect(resource))
      const held = info?.holders.find((holder) => holder.id === id)
      // Its last events are read once more. An engine that was away has delayed the check.
      if (held === undefined) {
        goneAt =
          monotonicMs() +
          (events.appendSync === undefined ? LATE_EVENT_OF_ENGINE_MS : LATE_EVENT_MS)
        continue
      }
      const deadlock = now < patientUntil ? undefined : joining.findDeadlock(held)
      if (deadlock !== undefined) throw deadlock
      lookAt = now + LOOK_EVERY_MS
    }
    yield joining.rest(reader, Math.max(1, (goneAt ?? lookAt) - now))
  }
}

/** Like {@link endOf}, for a run that no longer has the lock and whose event was stored before it was joined. */
function* earlyEndOf(joining: Joining, joinedAt: number, id: string): Steps<number | null> {
  const { events } = joining
  const reader = events.openReader({ from: new Date(joinedAt - EARLY_EVENT_MS) })
  try {
    yield joining.ready(reader)
    const until = monotonicMs() + (events.appendSync === undefined ? LATE_EVENT_OF_ENGINE_MS : 0)
    for (;;) {
      for (let batch = reader.poll(); batch !== undefined; batch = reader.poll()) {
        const exitCode = exitCodeIn(batch, id)
        if (exitCode !== undefined) return exitCode
      }
      const leftMs = until - monotonicMs()
      if (leftMs <= 0) return null
      yield joining.rest(reader, leftMs)
    }
  } finally {
    reader.close()
  }
}
