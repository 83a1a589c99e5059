import {
  type ConfiguredConnection,
  EXIT_BUSY,
  exitCodeOf,
  isCliOpsError,
  loadRunNotes,
  type Lock,
  type LockRunFacts,
  type Owner,
  say,
} from '@cli-ops/shared-ipc/ops/wrap'

import type { ChildEnd } from './child-end.js'
import type { KilledRun } from './killed-run.js'
import type { RunPlan } from './run-options.js'

/** A process that takes a lock records that after taking it. */
const TAKER_LOOKS = 10
const TAKER_PAUSE_MS = 100

/** Records a run's lock in the lock history. A failure to record stops nothing. */
export class RunNotes {
  readonly #configured: ConfiguredConnection
  readonly #plan: RunPlan
  readonly #pid: number | undefined
  readonly #askedAt = performance.now()
  #heldAt = 0
  #replacer: Owner | undefined
  #notes: ReturnType<typeof loadRunNotes> | undefined

  /** @param pid the process that holds the lock; undefined for this one */
  constructor(configured: ConfiguredConnection, plan: RunPlan, pid: number | undefined) {
    this.#configured = configured
    this.#plan = plan
    this.#pid = pid
  }

  /** Returns the requested lock, and records why there is none. */
  async follow(taking: Promise<Lock>): Promise<Lock> {
    try {
      const lock = await taking
      this.#heldAt = performance.now()
      // While the program runs.
      setImmediate(() => void this.#load().catch(() => undefined))
      return lock
    } catch (error) {
      const waitedMs = this.#since(this.#askedAt)
      if (isCliOpsError(error)) {
        const { code } = error
        const ended = exitCodeOf(error)
        const skipped = this.#plan.onBusy === 'skip' && ended === EXIT_BUSY
        const end = { code, skipped, exitCode: skipped ? 0 : ended }
        await this.#note({ ...this.#rule(), type: 'lock:refused', waitedMs, ...end })
      }
      throw error
    }
  }

  /** Returns what another process needs to record this run's end if this one is killed. */
  facts({ id, slot }: Lock, command: string): KilledRun {
    const grantedAt = Date.now() - this.#since(this.#heldAt)
    return { ...this.#rule(), id, slot, command, waitedMs: this.#waitedMs, grantedAt }
  }

  /** Called when the program has ended, and its lock with it unless its descendants keep that. */
  async end({ id, slot, signal: loss }: Lock, end: ChildEnd, isKept: boolean): Promise<void> {
    const { code, signal } = end
    await this.#note({
      ...this.#rule(),
      type: loss.aborted ? 'lock:lost' : isKept ? 'lock:kept' : 'lock:released',
      id,
      slot,
      waitedMs: this.#waitedMs,
      heldMs: this.#since(this.#heldAt),
      by: this.#replacer,
      exitCode: code ?? undefined,
      signal: signal ?? undefined,
    })
  }

  /** Reports the process that replaces the run, if that is why it is asked to end. */
  async tellReplacer(lock: Lock): Promise<void> {
    if (this.#isOff || this.#plan.onBusy !== 'replace') return
    try {
      const { replacerOf } = await this.#load()
      const replacer = await replacerOf(this.#configured.options, lock)
      if (replacer === undefined) return
      this.#replacer = replacer.owner
      say(`replaced by ${replacer.text}; asking the program to end`)
    } catch {
      // The program is asked to end anyway.
    }
  }

  /** Reports the process that took the lock away, if that becomes known within a second. */
  async tellTaker({ id, resource }: Lock): Promise<void> {
    if (this.#isOff) return
    const { whoTook } = await this.#load()
    for (let look = 0; look < TAKER_LOOKS; look += 1) {
      const taker = whoTook(this.#configured.options, id)
      if (taker !== undefined) {
        say(`${JSON.stringify(resource)} was taken away by ${taker}`)
        return
      }
      await new Promise((resolve) => setTimeout(resolve, TAKER_PAUSE_MS))
    }
  }

  get #waitedMs(): number {
    return Math.round(this.#heldAt - this.#askedAt)
  }

  get #isOff(): boolean {
    return this.#configured.connection.disabled
  }

  #load(): ReturnType<typeof loadRunNotes> {
    return (this.#notes ??= loadRunNotes())
  }

  #rule(): Pick<LockRunFacts, 'resource' | 'label' | 'pid'> {
    const { resource, label } = this.#plan
    return { resource, label, pid: this.#pid }
  }

  #since(instant: number): number {
    return Math.round(performance.now() - instant)
  }

  async #note(facts: LockRunFacts): Promise<void> {
    if (this.#isOff) return
    try {
      const { noteRun } = await this.#load()
      noteRun(this.#configured.connection, facts)
    } catch {
      // The program has done its work, and its exit code says so.
    }
  }
}
