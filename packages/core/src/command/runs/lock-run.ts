import { type CliOpsError, isCliOpsError } from '../../base/errors/cli-ops-error.js'
import { debug } from '../../base/terminal/message.js'
import { anySignal, limitedSignal } from '../../base/wait/abort-signal.js'
import { pause } from '../../base/wait/pause.js'
import { throughOutage } from '../../base/errors/through-outage.js'
import type { ConnectionOptions } from '../../engine/connection-options.js'
import { resolveEngineLimits } from '../../engine/engine-limits.js'
import { openDriver } from '../../engine/open-driver.js'
import { DEFAULT_RETENTION } from '../../events/contract/default-retention.js'
import type { EventReader } from '../../events/contract/event-driver.js'
import type { LockRequest } from '../../locks/contract/lock-driver.js'
import type { Lock, LockInfo, LockOptions } from '../../locks/contract/lock-types.js'
import { HeldLock } from '../../locks/held-lock.js'
import type { LockManager } from '../../locks/lock-manager.js'
import { createLockRequest } from '../../locks/lock-request.js'
import { seesAncestors } from '../../locks/contract/outer-locks.js'
import { waitWithin } from '../../locks/wait-within.js'
import { timeoutFromEnvironment } from '../../locks/lock-wait.js'
import { deadlockFinder, type FindDeadlock } from './find-deadlock.js'
import { HolderReplacer } from './holder-replacer.js'
import { joinRun } from './join-run.js'
import { runEndedRecord } from './run-ended.js'
import { RunGrant } from './run-grant.js'
import { RunLimit } from './run-limit.js'
import { markRun, type RunMark } from './run-mark.js'
import { takeSteps } from './steps.js'
import { clearInterval, setInterval } from '../../base/wait/own-timers.js'

/** Used while a lock is free and others are about to take it. */
const RETRY_MS = 20
/** Used while an engine is away. */
const RETRY_AWAY_MS = 100
/** How often a replacing run checks on its own who holds the lock. */
const LOOK_EVERY_MS = 500

/** Where a run takes its lock. */
export interface RunContext {
  readonly locks: LockManager
  /** The options that `locks` was created with. */
  readonly connection: ConnectionOptions
}

/** A run's lock options, besides those of every lock. */
export interface RunOptions extends LockOptions {
  readonly onBusy: 'join' | 'replace'
  readonly graceMs?: number | undefined
  /** The processes that stand for the run while it can be replaced; the first one receives the signal. @default this one */
  readonly markOwners?: readonly [number, number] | undefined
  /** Called when this run is asked to end. @default SIGTERM to this process, which any other process would send */
  readonly onAsked?: (() => void) | undefined
}

type ReplaceOptions = Omit<RunOptions, 'onBusy'>

/**
 * Takes the lock of a run that joins or replaces the current holder. For both, a lock counts as free once any process can
 * take it.
 *
 * @throws CliOpsError `RUN_JOINED` if another run was joined; `LOCK_HELD` or `LOCK_TIMEOUT` if it could not be replaced; else as
 * `LockManager.lock`
 */
export function lockRun(
  context: RunContext,
  resource: string,
  options: RunOptions,
): Promise<HeldLock> {
  const { onBusy, graceMs, markOwners, onAsked, ...lockOptions } = options
  return onBusy === 'join'
    ? lockOrJoin(context, resource, lockOptions)
    : lockOrReplace(context, resource, { graceMs, markOwners, onAsked, ...lockOptions })
}

/** Tells those who joined a run how it ended, even over a connection that was just lost. Called before its lock is released; a failure is ignored. */
export async function tellRunEnded(
  connection: ConnectionOptions,
  { resource, id }: Pick<Lock, 'resource' | 'id'>,
  exitCode: number,
): Promise<void> {
  const handle = openDriver(connection, 'events')
  try {
    const { events } = await handle.open()
    const options = { retention: DEFAULT_RETENTION, durable: false }
    const { timeoutMs: patienceMs } = resolveEngineLimits(connection)
    const limits = { patienceMs, pauseMs: RETRY_AWAY_MS }
    const record = runEndedRecord(resource, id, exitCode)
    await throughOutage(limits, async () => events.append([record], options))
  } catch (error) {
    debug(() => `cannot tell how the run ended: ${String(error)}`)
  } finally {
    await handle.close()
  }
}

async function lockOrJoin(
  { locks, connection }: RunContext,
  resource: string,
  { signal, onWait, timeoutMs = timeoutFromEnvironment(), ...options }: LockOptions,
): Promise<HeldLock> {
  const limit = new RunLimit(resource, { ...options, signal, onWait, timeoutMs })
  try {
    const free = await limit.onceOpen(() => locks.tryLock(resource, { ...options, signal }))
    if (free !== null) return asHeld(free)
    const findDeadlock = deadlockFinder(connection, resource)
    for (;;) {
      const outcome = await join(connection, resource, limit, { onWait, findDeadlock })
      if (outcome !== undefined) throw outcome
      await pause(RETRY_MS, limit.signal)
      const again = { ...options, signal: limit.signal }
      const lock = await limit.onceOpen(() => locks.tryLock(resource, again))
      if (lock !== null) return asHeld(lock)
    }
  } catch (error) {
    throw await limit.reasonOf(error, () => locks.inspect(resource))
  } finally {
    limit.dispose()
  }
}

async function join(
  connection: ConnectionOptions,
  resource: string,
  limit: RunLimit,
  { onWait, findDeadlock }: Pick<LockOptions, 'onWait'> & { readonly findDeadlock: FindDeadlock },
): Promise<CliOpsError | undefined> {
  const handles = [openDriver(connection, 'locks'), openDriver(connection, 'events')] as const
  try {
    const [{ locks }, { events }] = await Promise.all([handles[0].open(), handles[1].open()])
    const { leaseMs, timeoutMs } = resolveEngineLimits(connection)
    const joinUntil = (signal: AbortSignal): Promise<CliOpsError | undefined> => {
      // The same limits as a queued waiter.
      const limits = { patienceMs: leaseMs + timeoutMs, pauseMs: RETRY_AWAY_MS, signal }
      const joining = {
        locks: {
          inspect: (name: string) => throughOutage(limits, async () => locks.inspect(name)),
          tryAcquire: (request: LockRequest) => locks.tryAcquire(request),
        },
        events,
        ready: ({ ready }: EventReader) => ready,
        rest: (reader: EventReader, ms: number) => rest(reader, ms, signal),
        onWait: (info: LockInfo) => void onWait?.(info),
        findDeadlock,
      }
      return takeSteps(joinRun(joining, resource))
    }
    if (seesAncestors(locks)) return await joinUntil(limit.signal)
    const request = createLockRequest(resource, { inFlow: true })
    return await waitWithin(locks, request, joinUntil, limit.signal)
  } finally {
    for (const handle of handles) await handle.close()
  }
}

async function rest(reader: EventReader, ms: number, signal: AbortSignal): Promise<void> {
  const limited = limitedSignal(Math.ceil(ms), signal)
  try {
    await reader.wait(limited.signal)
  } catch (error) {
    signal.throwIfAborted()
    if (limited.isLate()) return
    if (!isCliOpsError(error, 'ENGINE_UNAVAILABLE')) throw error
    // The next check of the lock decides how long to tolerate that.
    await pause(RETRY_AWAY_MS, signal)
  } finally {
    limited.stop()
  }
}

async function lockOrReplace(
  { locks: manager, connection }: RunContext,
  resource: string,
  { graceMs, markOwners, onAsked = endThisProcess, onWait, signal, ...options }: ReplaceOptions,
): Promise<HeldLock> {
  const limit = new RunLimit(resource, { ...options, signal, onWait })
  const handle = openDriver(connection, 'locks')
  const refused = new AbortController()
  const ended = anySignal(refused.signal, signal)
  let watch: HolderWatch | undefined
  let mark: RunMark | undefined
  const giveBack = async (): Promise<void> => {
    try {
      await mark?.release()
    } finally {
      await handle.close()
    }
  }
  try {
    const { locks } = await handle.open()
    const own = markOwners === undefined ? locks : (locks.ownedBy?.(...markOwners) ?? locks)
    mark = await limit.onceOpen(() => takeSteps(markRun(own, resource, onAsked)))
    const findDeadlock = deadlockFinder(connection, resource)
    const replacer = new HolderReplacer(locks, resource, { graceMs, findDeadlock })
    const lock = await manager.lock(resource, {
      ...options,
      timeoutMs: limit.restMs,
      signal: ended.signal,
      onWait: (info) => {
        watch ??= watchHolders(replacer, (error) => refused.abort(error))
        watch.look()
        return onWait?.(info)
      },
    })
    try {
      while (replacer.isJobRunning()) await pause(RETRY_MS, signal)
    } catch (error) {
      await lock.release()
      throw error
    }
    return asHeld(lock).under((grant) => new RunGrant(grant, { after: () => void giveBack() }))
  } catch (error) {
    await giveBack()
    throw await limit.reasonOf(error, () => manager.inspect(resource))
  } finally {
    watch?.stop()
    ended.stop()
    limit.dispose()
  }
}

/** Returns the class behind the interface. */
function asHeld(lock: Lock): HeldLock {
  if (lock instanceof HeldLock) return lock
  throw new TypeError('the lock belongs to another copy of the kit')
}

interface HolderWatch {
  look(): void
  stop(): void
}

/** Checks the holders in order, one check at a time. */
function watchHolders(replacer: HolderReplacer, onRefused: (error: unknown) => void): HolderWatch {
  const over = new AbortController()
  let looks = Promise.resolve()
  const look = (): void => {
    looks = looks.then(async () => {
      if (over.signal.aborted) return
      try {
        await takeSteps(replacer.look())
      } catch (error) {
        // The wait itself decides how long to tolerate an engine that is away.
        if (!isCliOpsError(error, 'ENGINE_UNAVAILABLE')) throw error
      }
    })
    looks.catch((error: unknown) => {
      if (!over.signal.aborted) onRefused(error)
    })
  }
  const timer = setInterval(look, LOOK_EVERY_MS)
  return {
    look,
    stop() {
      over.abort()
      clearInterval(timer)
    },
  }
}

function endThisProcess(): void {
  process.kill(process.pid, 'SIGTERM')
}
