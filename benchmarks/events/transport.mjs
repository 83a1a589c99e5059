import { once } from 'node:events'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { startReadyChild } from '../harness/ready-child.mjs'

/**
 * @typedef {{ send: (at: string) => void, close: () => Promise<unknown> }} Sender
 *   `at` is an instant of `process.hrtime`, a clock that all processes of a machine share.
 * @typedef {(place: string) => Promise<Sender>} OpenSender
 * @typedef {(place: string, onEvent: (at: string) => void) => Promise<void>} OpenReader Resolves once it receives
 *   everything sent from now on.
 */

const READER = fileURLToPath(new URL('transport-reader.mjs', import.meta.url))
/** An event that has not arrived by then is lost. */
const PATIENCE_MS = 3000

/** A transport from an emitter in this process to handlers in other processes. */
export class Transport {
  #sender
  #readers

  /** @param {Sender} sender @param {import('node:child_process').ChildProcess[]} readers */
  constructor(sender, readers) {
    this.#sender = sender
    this.#readers = readers
  }

  /**
   * Sends events one by one with a pause between them, as people and commands do, and resolves to how long each took to
   * the handlers: for each event the milliseconds of each reader, without lost events.
   *
   * @param {number} events @param {number} [pauseMs]
   * @returns {Promise<number[][]>}
   */
  async pace(events, pauseMs = 2) {
    const answers = this.#readers.map(async (reader) => {
      reader.send({ expect: events, patienceMs: PATIENCE_MS })
      const [delays] = await once(reader, 'message')
      return /** @type {Record<string, number>} */ (delays)
    })
    const sent = []
    for (let count = 0; count < events; count += 1) {
      const at = String(process.hrtime.bigint())
      sent.push(at)
      this.#sender.send(at)
      await sleep(pauseMs)
    }
    const delays = await Promise.all(answers)
    return sent.map((at) => delays.flatMap((one) => one[at] ?? []))
  }

  async close() {
    for (const reader of this.#readers) reader.kill('SIGKILL')
    await this.#sender.close()
  }
}

/**
 * Opens a transport of `transports/` with that many readers, each in a separate process.
 *
 * @param {string} name @param {string} place @param {number} [readers]
 */
export async function openTransport(name, place, readers = 1) {
  const children = await Promise.all(
    Array.from({ length: readers }, () => startReadyChild(READER, [name, place])),
  )
  /** @type {{ openSender: OpenSender }} */
  const { openSender } = await import(`./transports/${name}.mjs`)
  return new Transport(await openSender(place), children)
}
