import { type Cursor, randomId } from '@cli-ops/shared-ipc/driver'
import type { ConsumeMessage } from 'amqplib'

import type { AmqpConnection } from '../connection/amqp-connection.js'
import type { OpenChannel } from '../connection/open-channel.js'

const COMMIT = 'cli-ops:commit'
const START = 'cli-ops:start'
/** Returns after everything else in the queue. */
const FENCE = 'cli-ops:fence'

/**
 * A consumer of a group's queue, which holds the group's cursor and has a single active consumer. The broker delivers
 * the queue's messages, the cursors, to one consumer at a time, and to the next one when that one has gone. The
 * active one keeps the newest cursor unacknowledged; a commit stores the next one over the same channel, so a consumer
 * that the broker has dropped cannot commit.
 */
export class GroupConsumer {
  readonly channel: OpenChannel
  readonly #queue: string
  /** The newest delivery. Earlier ones are outdated; the next commit acknowledges them. */
  #newestTag = 0

  private constructor(channel: OpenChannel, queue: string) {
    this.channel = channel
    this.#queue = queue
  }

  /**
   * Joins a group's queue. A group without a cursor gets one immediately.
   *
   * @param start finds the cursor of a new group
   */
  static async join(
    connection: AmqpConnection,
    queue: string,
    start: () => Promise<Cursor>,
  ): Promise<GroupConsumer> {
    const channel = await connection.channel()
    try {
      const consumer = new GroupConsumer(channel, queue)
      const { messageCount, consumerCount } = await channel.raw.assertQueue(queue, {
        durable: true,
        // On a single-node broker, a quorum queue can come back from a crash without a leader, permanently.
        arguments: { 'x-queue-type': 'classic', 'x-single-active-consumer': true },
      })
      if (messageCount === 0 && consumerCount === 0) await consumer.#publish(START, await start())
      return consumer
    } catch (error) {
      const reason = channel.end ?? error
      channel.close()
      throw reason
    }
  }

  /** Resolves to the group's cursor once this consumer is active. Rejects when the channel ends. */
  async activate(): Promise<Cursor> {
    const fence = randomId()
    const messages: ConsumeMessage[] = []
    let isFenced = false
    await new Promise<void>((resolve, reject) => {
      this.channel.onEnd(reject)
      const onMessage = (message: ConsumeMessage | null): void => {
        if (message === null) {
          this.channel.close()
          return
        }
        this.#newestTag = Math.max(this.#newestTag, message.fields.deliveryTag)
        if (isFenced) return
        // The first message shows that this consumer is active, not that it is the only message.
        if (messages.length === 0) this.#publish(FENCE, fence).catch(reject)
        messages.push(message)
        if (message.content.toString('utf8') !== fence) return
        isFenced = true
        resolve()
      }
      this.channel.raw.consume(this.#queue, onMessage).catch(reject)
    })
    const cursor = textOf(messages.findLast(isOf(COMMIT)) ?? messages.find(isOf(START)))
    // Written again, since a broker counts how often a message is redelivered and finally drops it.
    await this.commit(cursor)
    return cursor
  }

  /** Stores the group's cursor. */
  async commit(cursor: Cursor): Promise<void> {
    const outdated = this.#newestTag
    await this.#publish(COMMIT, cursor)
    if (outdated > 0) this.channel.ack(outdated, { allUpTo: true })
  }

  /** Lets the next consumer become the active one. */
  leave(): void {
    this.channel.close()
  }

  async #publish(type: string, text: string): Promise<void> {
    const isStored = await this.channel.publish('', this.#queue, Buffer.from(text), {
      type,
      persistent: true,
      mandatory: true,
    })
    if (!isStored) throw new Error("the group's queue is gone")
  }
}

function isOf(type: string): (message: ConsumeMessage) => boolean {
  return ({ properties }) => properties.type === type
}

function textOf(message: ConsumeMessage | undefined): Cursor {
  return (message?.content.toString('utf8') ?? '') as Cursor
}
