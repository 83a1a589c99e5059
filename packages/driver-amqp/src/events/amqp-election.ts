import type { Cursor, GroupElection, GroupTurn, StartPosition } from '@cli-ops/shared-ipc/driver'

import type { AmqpConnection } from '../connection/amqp-connection.js'
import { tryAgain } from '../connection/try-again.js'
import { findPosition } from './find-position.js'
import { GroupSeat } from './group-seat.js'
import { BEGINNING, type LogPosition, parsePosition, toCursor } from './log-position.js'
import { StreamReader } from './stream-reader.js'

/** Where a group is stored. */
export interface GroupContext {
  /** Reads the log. */
  readonly connection: AmqpConnection
  /** Holds the seat. */
  readonly seats: AmqpConnection
  readonly queue: string
  readonly groupQueue: string
}

/**
 * Elects the active reader of a group: the holder of the group's seat reads, the others queue. A silent reader stops
 * handing out events before the broker gives its seat to another one.
 */
export class AmqpElection implements GroupElection {
  readonly #context: GroupContext
  readonly #start: StartPosition | LogPosition
  readonly #onEnd: () => void
  /** Queued, or active. */
  #seat: GroupSeat | undefined
  #hasEnded = false

  /** @param onEnd called when the reader was closed */
  constructor(context: GroupContext, start: StartPosition | LogPosition, onEnd: () => void) {
    this.#context = context
    this.#start = start
    this.#onEnd = onEnd
  }

  async join(): Promise<void> {
    const { connection, seats, queue, groupQueue } = this.#context
    const start = async (): Promise<Cursor> =>
      toCursor(await findPosition(connection, queue, this.#start))
    this.#seat = await seats.within(undefined, (call) =>
      tryAgain(call, () => GroupSeat.join(seats, groupQueue, start)),
    )
    if (this.#hasEnded) this.#leave()
  }

  async takeOver(signal: AbortSignal): Promise<GroupTurn> {
    try {
      if (this.#seat === undefined) await this.join()
      signal.throwIfAborted()
      return await this.#sit(this.#seat as GroupSeat)
    } catch (error) {
      this.#leave()
      throw error
    }
  }

  // Whatever the failure, the queue is there again when the broker is.
  isPassing(): boolean {
    return true
  }

  end(): void {
    this.#hasEnded = true
    this.#leave()
    this.#onEnd()
  }

  async #sit(seat: GroupSeat): Promise<GroupTurn> {
    const { connection, seats, queue } = this.#context
    const position = parsePosition(await seat.activate()) ?? BEGINNING
    const reader = new StreamReader({ connection, queue }, position, () => undefined)
    await reader.ready
    if (seat.channel.end !== undefined) {
      reader.close()
      throw seat.channel.end
    }
    return {
      reader,
      isHeld: () => seats.isHeard,
      onLost: (listener) => {
        seat.channel.onEnd(() => {
          this.#leave()
          listener()
        })
      },
      commit: (cursor) => seats.within(undefined, () => seat.commit(cursor)),
      release: () => {
        seat.leave()
      },
    }
  }

  #leave(): void {
    this.#seat?.leave()
    this.#seat = undefined
  }
}
