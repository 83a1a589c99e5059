import type { ChannelListener } from './channel-subscriber.js'

/** Listens on channels for a driver. */
export interface ChannelListening {
  listen(channel: string, listener: ChannelListener): () => void
  ready(channel: string, signal?: AbortSignal): Promise<void>
}

/** Receives the messages of one kind. */
export interface InboxListener {
  onMessage(rest: string): void
  /** Called when messages might have been lost. */
  onReady?(): void
}

/**
 * The channel on which others reach this driver. The first word of a message selects its listener. The inbox subscribes to the channel
 * on the first call of `ready`.
 */
export class Inbox {
  readonly channel: string
  readonly #subscriber: ChannelListening
  readonly #listeners = new Map<string, InboxListener>()
  #isOpen = false

  constructor(subscriber: ChannelListening, channel: string) {
    this.#subscriber = subscriber
    this.channel = channel
  }

  /** Sets the listener for messages that begin with a word. */
  route(word: string, listener: InboxListener): void {
    this.#listeners.set(word, listener)
  }

  /** Resolves when messages arrive. Rejects with `ENGINE_UNAVAILABLE`, or the signal's reason. */
  async ready(signal?: AbortSignal): Promise<void> {
    if (!this.#isOpen) this.#open()
    await this.#subscriber.ready(this.channel, signal)
  }

  #open(): void {
    this.#isOpen = true
    this.#subscriber.listen(this.channel, {
      onMessage: (message) => {
        const space = message.indexOf(' ')
        this.#listeners.get(message.slice(0, space))?.onMessage(message.slice(space + 1))
      },
      onReady: () => {
        for (const listener of this.#listeners.values()) listener.onReady?.()
      },
    })
  }
}
