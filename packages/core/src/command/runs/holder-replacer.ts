import { monotonicMs } from '../../base/process/monotonic-time.js'
import { ownProcess } from '../../base/process/own-process.js'
import { ProcessJob } from '../../base/process/process-job.js'
import type { LockDriver } from '../../locks/contract/lock-driver.js'
import { instanceOf } from '../../locks/contract/lock-id.js'
import type { Holder, Owner } from '../../locks/contract/lock-types.js'
import { runMarkName } from '../../locks/contract/slot-name.js'
import type { FindDeadlock } from './find-deadlock.js'
import {
  graceOverError,
  jobGraceOverError,
  notReplaceableError,
  unreachableError,
} from './run-errors.js'
import { GETS_SIGNAL, MAY_BE_REPLACED } from './run-mark.js'
import { type Steps, value } from './steps.js'

/** Default time, in milliseconds, for a process that was asked to end. */
const DEFAULT_GRACE_MS = 10_000

interface ReplacerOptions {
  readonly graceMs?: number | undefined
  readonly findDeadlock: FindDeadlock
}

/** A holder that was asked to end. */
interface AskedHolder {
  readonly holder: Holder
  readonly since: number
  /** What it has started, if it was sent a signal. */
  job?: ProcessJob
  isJobAsked?: boolean
}

/** Asks the holder of a lock to end. The first process to ask does so, once. */
export class HolderReplacer {
  readonly #locks: LockDriver
  readonly #resource: string
  readonly #graceMs: number
  readonly #findDeadlock: FindDeadlock
  /** The holders that this one waits for, by their ids. */
  readonly #asked = new Map<string, AskedHolder>()

  constructor(
    locks: LockDriver,
    resource: string,
    { graceMs = DEFAULT_GRACE_MS, findDeadlock }: ReplacerOptions,
  ) {
    this.#locks = locks
    this.#resource = resource
    this.#graceMs = graceMs
    this.#findDeadlock = findDeadlock
  }

  /**
   * Checks who holds the lock now, and asks it to end unless another process has. Waiters call this repeatedly.
   *
   * @throws CliOpsError `LOCK_HELD` if the holder cannot be replaced, `LOCK_TIMEOUT` if it has not ended in time
   */
  *look(): Steps<void> {
    for (const holder of yield* this.#holders()) {
      // This process, or another flow of it, can hold the lock by now: a process does not end itself.
      if (instanceOf(holder.id) === ownProcess().instance) continue
      // Nor does it end the process that started it and waits for it. The wait itself detects and reports that.
      if (this.#findDeadlock(holder) !== undefined) return
      const asked = this.#asked.get(holder.id)
      if (asked === undefined) {
        this.#asked.set(holder.id, { holder, since: monotonicMs() })
        try {
          yield* this.#askToEnd(holder)
        } catch (error) {
          // An engine that was away might have missed it; asking again is safe.
          this.#asked.delete(holder.id)
          throw error
        }
      } else if (this.#isGraceOver(asked)) {
        throw graceOverError(this.#resource, holder, this.#graceMs)
      } else {
        asked.job?.look()
      }
    }
  }

  /**
   * Returns whether programs that a replaced holder started are still running, now that the lock is this process's own: a signal ends
   * the holder and leaves the program that it was waiting for. Asks them to end, once. The caller calls it again until they have.
   *
   * @throws CliOpsError `LOCK_TIMEOUT` if they did not end in time
   */
  isJobRunning(): boolean {
    let isRunning = false
    for (const asked of this.#asked.values()) {
      const { holder, job } = asked
      const [program] = job?.look() ?? []
      if (job === undefined || program === undefined) continue
      if (this.#isGraceOver(asked)) {
        const { pid } = program
        throw jobGraceOverError(this.#resource, holder, { graceMs: this.#graceMs, pid })
      }
      if (asked.isJobAsked !== true) job.end()
      asked.isJobAsked = true
      isRunning = true
    }
    return isRunning
  }

  #isGraceOver({ since }: AskedHolder): boolean {
    return monotonicMs() - since >= this.#graceMs
  }

  *#askToEnd(holder: Holder): Steps<void> {
    const name = runMarkName(this.#resource)
    const all = (yield* value(this.#locks.inspect(name)))?.holders ?? []
    const marks = all.filter(({ id }) => instanceOf(id) === instanceOf(holder.id))
    if (marks.length === 0) {
      // The marks exist before the lock, and go after it.
      const isThere = (yield* this.#holders()).some(({ id }) => id === holder.id)
      if (isThere) throw notReplaceableError(this.#resource, holder)
      return
    }
    const call = marks.find(({ label }) => label !== MAY_BE_REPLACED)
    // Another process has already asked.
    if (call === undefined) return
    const isSignalled = call.label === GETS_SIGNAL
    // Another process can stand for the holder: the process that started its program forwards the signal and handles what
    // follows.
    const target = [call.owner, holder.owner].find((owner) => this.#isHere(owner))
    if (isSignalled && target === undefined) throw unreachableError(this.#resource, holder)
    // The process that takes the mark away is the one that asks. An owner that watches the mark needs nothing more.
    const isMine = yield* value(this.#locks.forceRelease(name, call.id))
    if (!isMine || !isSignalled || target === undefined) return
    const asked = this.#asked.get(holder.id)
    const { pid } = this.#isHere(holder.owner) ? holder.owner : target
    if (asked !== undefined) asked.job = new ProcessJob(pid)
    try {
      process.kill(target.pid, 'SIGTERM')
    } catch (error) {
      // It has just ended.
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH')
        throw unreachableError(this.#resource, holder, error)
    }
  }

  /** Returns whether a pid means this owner here and now: a driver that identifies owners by process checked that a moment ago. */
  #isHere({ pid, state, via }: Owner): boolean {
    if (this.#locks.ownedBy === undefined || via !== undefined) return false
    return pid > 0 && (state === 'running' || state === 'stopped')
  }

  *#holders(): Steps<readonly Holder[]> {
    const info = yield* value(this.#locks.inspect(this.#resource))
    return info?.holders ?? []
  }
}
