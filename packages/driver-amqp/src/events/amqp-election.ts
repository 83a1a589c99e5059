import type { Cursor, GroupElection, GroupTurn, StartPosition } from '@cli-ops/shared-ipc/driver'

import type { AmqpConnection } from '../connection/amqp-connection.js'
import { tryAgain } from '../connection/try-again.js'
import { findPosition } from './find-position.js'
import { GroupConsumer } from './group-consumer.js'
import { BEGINNING, type LogPosition, parsePosition, toCursor } from './log-position.js'
import { StreamReader } from './stream-reader.js'

/** Where a group is stored. */
export interface GroupContext {
  /** Reads the log. */
  readonly connection: AmqpConnection
  /** Has the consumers of groups. */
  readonly grouping: AmqpConnection
  readonly queue: string
  readonly groupQueue: string
}

/**
 * Elects the active reader of a group: the active consumer of its queue reads, the others stand by. A silent reader stops
 * delivering events before the broker makes another one active.
 */
export class AmqpElection implements GroupElection {
  readonly #context: GroupContext
  readonly #start: StartPosition | LogPosition
  readonly #onEnd: () => void
  /** Standing by, or active. */
  #consumer: GroupConsumer | undefined
  #hasEnded = false

  /** @param onEnd called when the reader was closed */
  constructor(context: GroupContext, start: StartPosition | LogPosition, onEnd: () => void) {
    this.#context = context
    this.#start = start
    this.#onEnd = onEnd
  }

  async join(): Promise<void> {
    const { connection, grouping, queue, groupQueue } = this.#context
    const start = async (): Promise<Cursor> =>
      toCursor(await findPosition(connection, queue, this.#start))
    this.#consumer = await grouping.within(undefined, (call) =>
      tryAgain(call, () => GroupConsumer.join(grouping, groupQueue, start)),
    )
    if (this.#hasEnded) this.#leave()
  }

  async takeOver(signal: AbortSignal): Promise<GroupTurn> {
    try {
      if (this.#consumer === undefined) await this.join()
      signal.throwIfAborted()
      return await this.#activate(this.#consumer as GroupConsumer)
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

  async #activate(consumer: GroupConsumer): Promise<GroupTurn> {
    const { connection, grouping, queue } = this.#context
    const position = parsePosition(await consumer.activate()) ?? BEGINNING
    const reader = new StreamReader({ connection, queue }, position, () => undefined)
    await reader.ready
    if (consumer.channel.end !== undefined) {
      reader.close()
      throw consumer.channel.end
    }
    return {
      reader,
      isHeld: () => grouping.isHeard,
      onLost: (listener) => {
        consumer.channel.onEnd(() => {
          this.#leave()
          listener()
        })
      },
      commit: (cursor) => grouping.within(undefined, () => consumer.commit(cursor)),
      release: () => {
        consumer.leave()
      },
    }
  }

  #leave(): void {
    this.#consumer?.leave()
    this.#consumer = undefined
  }
}
