import {
  CliOpsError,
  type Cursor,
  type EventBatch,
  type EventReader,
  isCliOpsError,
  KeepAlive,
  type StartPosition,
} from '@cli-ops/shared-ipc/driver'

import type { AmqpConnection } from '../connection/amqp-connection.js'
import { tryAgain } from '../connection/try-again.js'
import { findPosition } from './find-position.js'
import { GroupSeat } from './group-seat.js'
import { BEGINNING, type LogPosition, parsePosition, toCursor } from './log-position.js'
import { StreamReader } from './stream-reader.js'
import { Waiters } from './waiters.js'

const RETRY_MS = 200
/** How often a reader looks whether the broker is heard again. */
const HEAR_MS = 100

/** Where a group is kept. */
export interface GroupPlace {
  /** On which the log is read. */
  readonly connection: AmqpConnection
  /** On which the seat is had. */
  readonly seats: AmqpConnection
  readonly queue: string
  readonly groupQueue: string
}

/**
 * A durable group's reader. Who has the group's seat reads from the committed position; the others stand in line. One that is not
 * heard of stops handing out before the broker gives the seat to another one.
 */
export class GroupReader implements EventReader {
  readonly ready: Promise<void>
  readonly #place: GroupPlace
  readonly #start: StartPosition | LogPosition
  readonly #onClose: () => void
  readonly #waiters = new Waiters()
  #seat: GroupSeat | undefined
  #active: { readonly seat: GroupSeat; readonly reader: StreamReader } | undefined
  #closed = false

  constructor(
    place: GroupPlace,
    start: StartPosition | LogPosition,
    onClose: (reader: EventReader) => void,
  ) {
    this.#place = place
    this.#start = start
    this.#onClose = () => {
      onClose(this)
    }
    this.ready = this.#open()
    this.ready.catch(() => undefined)
  }

  get position(): Cursor | undefined {
    return this.#active?.reader.position
  }

  poll(): EventBatch | undefined {
    return this.#isActive ? this.#active?.reader.poll() : undefined
  }

  async wait(signal: AbortSignal): Promise<void> {
    for (;;) {
      signal.throwIfAborted()
      if (this.#closed) throw closedError()
      const active = this.#active
      if (active === undefined) {
        await this.#waiters.wait(signal)
        continue
      }
      if (!this.#isActive) {
        // There may be something to take that must not be taken now.
        await new Promise((resolve) => setTimeout(resolve, HEAR_MS))
        continue
      }
      try {
        await active.reader.wait(signal)
        return
      } catch (error) {
        // The seat was lost meanwhile, and with it the reader; a later one goes on.
        if (this.#active === active || !isCliOpsError(error, 'CLOSED')) throw error
      }
    }
  }

  async commit(cursor: Cursor): Promise<void> {
    const active = this.#active
    if (active === undefined || !this.#isActive) return
    await this.#place.seats.within(undefined, () => active.seat.commit(cursor))
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#stop()
    this.#seat?.leave()
    this.#onClose()
    this.#waiters.wake()
  }

  get #isActive(): boolean {
    return this.#active !== undefined && this.#place.seats.isHeard
  }

  /** Resolves when this reader is the active one. Rejects where the broker cannot be reached at first, and when it is closed. */
  async #open(): Promise<void> {
    // Somebody waits for an event, also while another one has the seat.
    const alive = new KeepAlive()
    alive.ref()
    try {
      await this.#takeOver(await this.#join())
    } finally {
      alive.unref()
    }
  }

  async #join(): Promise<GroupSeat> {
    const { connection, seats, queue, groupQueue } = this.#place
    const start = async (): Promise<Cursor> =>
      toCursor(await findPosition(connection, queue, this.#start))
    const seat = await seats.within(undefined, (call) =>
      tryAgain(call, () => GroupSeat.join(seats, groupQueue, start)),
    )
    this.#seat = seat
    if (!this.#closed) return seat
    seat.leave()
    throw closedError()
  }

  /** Waits for the seat, and stands in line anew where the connection is lost. Rejects when it is closed. */
  async #takeOver(first?: GroupSeat): Promise<void> {
    let seat = first
    for (;;) {
      try {
        seat ??= await this.#join()
        await this.#sit(seat)
        return
      } catch {
        seat?.leave()
        seat = undefined
        if (this.#closed) throw closedError()
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS).unref())
      }
    }
  }

  async #sit(seat: GroupSeat): Promise<void> {
    const { connection, queue } = this.#place
    const position = parsePosition(await seat.activate()) ?? BEGINNING
    const reader = new StreamReader({ connection, queue }, position, () => undefined)
    await reader.ready
    if (this.#closed || seat.channel.end !== undefined) {
      reader.close()
      throw closedError()
    }
    this.#active = { seat, reader }
    seat.channel.onEnd(() => {
      this.#stop()
      this.#waiters.wake()
      if (!this.#closed) this.#takeOver().catch(() => undefined)
    })
    this.#waiters.wake()
  }

  #stop(): void {
    const active = this.#active
    this.#active = undefined
    active?.reader.close()
  }
}

function closedError(): CliOpsError {
  return new CliOpsError('CLOSED', 'the reader of the group was closed')
}
