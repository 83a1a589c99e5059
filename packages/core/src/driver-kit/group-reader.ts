import { setTimeout } from '../base/wait/own-timers.js'
import type { EventBatch, EventReader, GroupLedger } from '../events/contract/event-driver.js'
import type { Cursor } from '../events/contract/event-types.js'
import { CliOpsError, isCliOpsError } from '../base/errors/cli-ops-error.js'
import type { ParkedEvent } from '../events/contract/parked-event.js'
import { anySignal } from '../base/wait/abort-signal.js'
import { KeepAlive } from './keep-alive.js'
import { Waiters } from './waiters.js'

/** The election of a group's active reader on an engine. */
export interface GroupElection {
  /** Sets the group's start cursor if it has none. Rejects if that takes too long. */
  join(): Promise<void>
  /**
   * Resolves once this reader is the active one. Rejects if the engine is lost before that, and when the signal is aborted; this
   * reader then no longer stands by.
   */
  takeOver(signal: AbortSignal): Promise<GroupTurn>
  /** Returns whether to stand by again after an error of `takeOver`. @default true for `ENGINE_UNAVAILABLE` */
  isPassing?(error: unknown): boolean
  /** The reader was closed. */
  end(): void
}

/** The turn of a group's active reader. */
export interface GroupTurn {
  /** Reads from the committed cursor on. */
  readonly reader: EventReader
  readonly ledger?: RetryLedger
  /** Whether events may be delivered: false as soon as the engine might have made another reader the active one. */
  isHeld(): boolean
  /** Calls the listener when another reader might have become the active one permanently. */
  onLost(listener: () => void): void
  commit(cursor: Cursor): Promise<void>
  /** Lets the next one take over. The reader and the ledger are closed. */
  release(): void
}

/** A ledger that learns about requested retries. */
export interface RetryLedger extends GroupLedger {
  readonly hasRetries: boolean
  takeRetries(): readonly ParkedEvent[]
  /** Calls the listener when there are events to retry. */
  onRetries(listener: () => void): void
  close(): void
}

const RETRY_MS = 200
/** How often a reader checks whether it may deliver again. */
const LOOK_MS = 100

/**
 * A durable group's reader. The active one reads from the committed cursor on; the others stand by. A reader that might have lost its
 * turn stops delivering and stands by again.
 */
export class GroupReader implements EventReader {
  readonly ready: Promise<void>
  readonly #group: string
  readonly #election: GroupElection
  readonly #waiters = new Waiters()
  readonly #closing = new AbortController()
  #turn: GroupTurn | undefined
  /** Why this reader cannot stand by; reported once, to a waiter. */
  #failure: { readonly error: unknown } | undefined
  /** Ends a wait for events when there are retries. */
  #interrupt: AbortController | undefined

  constructor(group: string, election: GroupElection) {
    this.#group = group
    this.#election = election
    this.ready = this.#open()
    this.ready.catch(() => undefined)
  }

  get position(): Cursor | undefined {
    return this.#turn?.reader.position
  }

  get ledger(): GroupLedger | undefined {
    return this.#held?.ledger
  }

  poll(): EventBatch | undefined {
    const turn = this.#held
    const { ledger } = turn ?? {}
    if (ledger?.hasRetries === true) return { retries: ledger.takeRetries(), events: [] }
    return turn?.reader.poll()
  }

  async wait(signal: AbortSignal): Promise<void> {
    for (;;) {
      signal.throwIfAborted()
      if (this.#closing.signal.aborted) throw this.#closedError()
      this.#throwFailure()
      const turn = this.#turn
      if (turn === undefined) await this.#waiters.wait(signal)
      // There might be events that must not be taken now.
      else if (!turn.isHeld()) await this.#waiters.wait(signal, LOOK_MS)
      else if (await this.#waitFor(turn, signal)) return
    }
  }

  async commit(cursor: Cursor): Promise<void> {
    await this.#held?.commit(cursor)
  }

  close(): void {
    if (this.#closing.signal.aborted) return
    this.#closing.abort(this.#closedError())
    this.#stop()
    this.#election.end()
    this.#waiters.wake()
  }

  /** The turn, while events may be delivered. */
  get #held(): GroupTurn | undefined {
    return this.#turn?.isHeld() === true ? this.#turn : undefined
  }

  /** Waits for something to deliver; false if the turn has ended. */
  async #waitFor(turn: GroupTurn, signal: AbortSignal): Promise<boolean> {
    if (turn.ledger?.hasRetries === true) return true
    const interrupt = new AbortController()
    this.#interrupt = interrupt
    const either = anySignal(signal, interrupt.signal)
    try {
      await turn.reader.wait(either.signal)
      return true
    } catch (error) {
      if (interrupt.signal.aborted && !signal.aborted) return true
      // The turn has been lost, and its reader with it; a later one continues.
      if (this.#turn === turn || !isCliOpsError(error, 'CLOSED')) throw error
      return false
    } finally {
      either.stop()
    }
  }

  /** Resolves when this reader is the active one. Rejects if the engine is unreachable at first, and when the reader is closed. */
  async #open(): Promise<void> {
    // A caller waits for events even while another reader is the active one.
    const alive = new KeepAlive()
    alive.ref()
    try {
      await this.#election.join()
      await this.#takeOver()
    } finally {
      alive.unref()
    }
  }

  /** Stands by again. */
  #standBy(): void {
    this.#takeOver().catch((error: unknown) => {
      this.#failure = { error }
      this.#waiters.wake()
    })
  }

  #throwFailure(): void {
    if (this.#failure === undefined) return
    const { error } = this.#failure
    this.#failure = undefined
    // A caller that waits again treats the error as temporary.
    this.#standBy()
    throw error
  }

  async #takeOver(): Promise<void> {
    const { signal } = this.#closing
    for (;;) {
      signal.throwIfAborted()
      try {
        this.#begin(await this.#election.takeOver(signal))
        return
      } catch (error) {
        signal.throwIfAborted()
        if (!this.#isPassing(error)) throw error
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS).unref())
      }
    }
  }

  #isPassing(error: unknown): boolean {
    return this.#election.isPassing?.(error) ?? isCliOpsError(error, 'ENGINE_UNAVAILABLE')
  }

  #begin(turn: GroupTurn): void {
    this.#turn = turn
    turn.ledger?.onRetries(() => this.#interrupt?.abort())
    turn.onLost(() => {
      if (this.#turn !== turn) return
      this.#stop()
      this.#waiters.wake()
      this.#standBy()
    })
    if (this.#closing.signal.aborted) this.#stop()
    this.#waiters.wake()
  }

  #stop(): void {
    const turn = this.#turn
    this.#turn = undefined
    turn?.reader.close()
    turn?.ledger?.close()
    turn?.release()
  }

  #closedError(): CliOpsError {
    return new CliOpsError('CLOSED', `the reader of ${this.#group} was closed`)
  }
}
