import { pause } from '@cli-ops/shared-ipc/driver'
import type { ConsumeMessage } from 'amqplib'

import type { AmqpConnection } from '../connection/amqp-connection.js'
import type { OpenChannel } from '../connection/open-channel.js'
import type { Names } from '../names.js'

/** Answers arrive here; the broker turns it into an address that reaches only this channel. */
const REPLY_TO = 'amq.rabbitmq.reply-to'
const FIRST_RETRY_MS = 20
const MAX_RETRY_MS = 500

/** A message for this driver. */
export interface InboxMessage {
  readonly text: string
  /** Where to send an answer. */
  readonly answerTo: string | undefined
}

/** Handles the messages of one kind. */
export type InboxListener = (message: InboxMessage) => void

/** How a message is sent. */
export interface SendOptions {
  readonly kind: string
  /** The message expires after that time: a recipient that returns later must not answer a request that has been given up. */
  readonly expiresMs?: number
}

/**
 * Messages between drivers: each has its own queue, which the broker deletes with its connection, and answers go
 * directly to the requesting channel. A message's kind selects its listener. Keeps no process alive.
 */
export class Inbox {
  readonly #connection: AmqpConnection
  readonly #names: Names
  readonly #driverId: string
  readonly #listeners = new Map<string, InboxListener>()
  readonly #onOpen = new Set<() => void>()
  readonly #onLost = new Set<() => void>()
  /** For outgoing messages, and the answers to them. */
  #desk: Promise<OpenChannel> | undefined
  /** For messages from others. */
  #box: Promise<OpenChannel> | undefined
  #isWanted = false
  #closed = false

  constructor(connection: AmqpConnection, names: Names, driverId: string) {
    this.#connection = connection
    this.#names = names
    this.#driverId = driverId
  }

  /** Sets the listener for messages of a kind. */
  route(kind: string, listener: InboxListener): void {
    this.#listeners.set(kind, listener)
  }

  /** Calls `opened` when messages start to arrive (again), and `lost` when messages or answers may have been lost. */
  observe({ opened, lost }: { readonly opened?: () => void; readonly lost?: () => void }): void {
    if (opened !== undefined) this.#onOpen.add(opened)
    if (lost !== undefined) this.#onLost.add(lost)
  }

  /** Whether this driver receives messages from others. */
  get isOpen(): boolean {
    return this.#isWanted
  }

  /** Resolves when messages from others can arrive. Rejects as `AmqpConnection.within` does. */
  async ready(signal?: AbortSignal): Promise<void> {
    this.#isWanted = true
    await this.#connection.within(signal, () => this.#openBox())
  }

  /** Resolves when answers can arrive. Rejects as `AmqpConnection.within` does. */
  async readyForAnswers(signal?: AbortSignal): Promise<void> {
    await this.#connection.within(signal, () => this.#openDesk())
  }

  /** Sends to a driver. Resolves to false if it is not there. Rejects as `AmqpConnection.within` does. */
  async send(
    driverId: string,
    text: string,
    options: SendOptions,
    signal?: AbortSignal,
  ): Promise<boolean> {
    return this.#post('', this.#names.inbox(driverId), text, options, signal)
  }

  /** Sends an answer. The broker does not say whether the recipient is still there. */
  async answer(
    answerTo: string,
    text: string,
    options: SendOptions,
    signal?: AbortSignal,
  ): Promise<void> {
    await this.#connection.within(signal, async () => {
      const desk = await this.#openDesk()
      await desk.publish('', answerTo, Buffer.from(text), { type: options.kind })
    })
  }

  /** Sends to every registered driver. Resolves to false if there is none. */
  async broadcast(text: string, options: SendOptions): Promise<boolean> {
    return this.#post(this.#names.registry, '', text, options)
  }

  close(): void {
    this.#closed = true
    for (const channel of [this.#desk, this.#box]) {
      channel?.then(
        (each) => {
          each.close()
        },
        () => undefined,
      )
    }
  }

  #post(
    exchange: string,
    key: string,
    text: string,
    { kind, expiresMs }: SendOptions,
    signal?: AbortSignal,
  ): Promise<boolean> {
    return this.#connection.within(signal, async () => {
      const desk = await this.#openDesk()
      if (signal?.aborted === true) return false
      return desk.publish(exchange, key, Buffer.from(text), {
        type: kind,
        mandatory: true,
        replyTo: REPLY_TO,
        ...(expiresMs !== undefined && { expiration: String(expiresMs) }),
      })
    })
  }

  #openDesk(): Promise<OpenChannel> {
    if (this.#desk !== undefined) return this.#desk
    const opening = this.#makeDesk(() => {
      if (this.#desk === opening) this.#desk = undefined
      for (const lost of this.#onLost) lost()
    })
    this.#desk = opening
    return opening
  }

  async #makeDesk(forget: () => void): Promise<OpenChannel> {
    try {
      const channel = await this.#connection.channel()
      channel.onEnd(forget)
      await channel.raw.assertExchange(this.#names.registry, 'fanout', { durable: true })
      await this.#consume(channel, REPLY_TO)
      return channel
    } catch (error) {
      forget()
      throw error
    }
  }

  #openBox(): Promise<OpenChannel> {
    if (this.#box !== undefined) return this.#box
    const opening = this.#makeBox(() => {
      if (this.#box !== opening) return
      this.#box = undefined
      void this.#openAgain()
    })
    this.#box = opening
    return opening
  }

  async #makeBox(forget: () => void): Promise<OpenChannel> {
    const { registry } = this.#names
    const queue = this.#names.inbox(this.#driverId)
    let channel: OpenChannel | undefined
    try {
      await this.#openDesk()
      channel = await this.#connection.channel()
      await channel.raw.assertQueue(queue, { exclusive: true, autoDelete: true, durable: false })
      await channel.raw.bindQueue(queue, registry, '')
      await this.#consume(channel, queue)
      channel.onEnd(forget)
      for (const opened of this.#onOpen) opened()
      return channel
    } catch (error) {
      channel?.close()
      void Promise.resolve().then(forget)
      throw error
    }
  }

  async #openAgain(): Promise<void> {
    for (
      let delayMs = FIRST_RETRY_MS;
      this.#box === undefined && !this.#closed && !this.#connection.isClosed;
      delayMs = Math.min(MAX_RETRY_MS, delayMs * 2)
    ) {
      await pause(delayMs, undefined, { keepsAlive: false })
      await this.#openBox().catch(() => undefined)
    }
  }

  async #consume(channel: OpenChannel, queue: string): Promise<void> {
    const onMessage = (message: ConsumeMessage | null): void => {
      if (message === null) {
        channel.close()
        return
      }
      const { type, replyTo } = message.properties as { type?: string; replyTo?: string }
      const text = message.content.toString('utf8')
      this.#listeners.get(String(type))?.({ text, answerTo: replyTo })
    }
    await channel.raw.consume(queue, onMessage, { noAck: true })
  }
}
