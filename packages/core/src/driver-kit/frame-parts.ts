import { randomId } from '../base/names/random-id.js'

/** What comes before the text of a part: `rpc <frame> <part> <parts> `. */
const HEAD_BYTES = 128
/** More than this of frames that are not whole is of senders that have gone. */
const MAX_OPEN = 256

/**
 * Cuts a frame of `RelayedRpc` into parts that a message each can carry, for an engine whose messages are bounded.
 *
 * @param maxPayload bytes that a message may have
 */
export function splitFrame(frame: string, maxPayload: number): string[] {
  const maxBytes = Math.max(HEAD_BYTES, maxPayload - HEAD_BYTES)
  const texts: string[] = []
  for (let at = 0; at < frame.length || texts.length === 0;) {
    let end = Math.min(frame.length, at + maxBytes)
    // Three bytes a code unit is the most that UTF-8 needs.
    if (Buffer.byteLength(frame.slice(at, end)) > maxBytes)
      end = Math.min(frame.length, at + Math.floor(maxBytes / 3))
    if (end < frame.length && isHighSurrogate(frame.charCodeAt(end - 1))) end -= 1
    texts.push(frame.slice(at, end))
    at = end
  }
  const id = texts.length === 1 ? '-' : randomId()
  return texts.map((text, index) => `rpc ${id} ${index + 1} ${texts.length} ${text}`)
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit < 0xdc00
}

/** Puts frames together again. The parts of one come in order, and those of others between them. */
export class FrameParts {
  readonly #open = new Map<string, string[]>()

  /** Takes a part, without its first word. Gives the frame where it was the last one. */
  take(part: string): string | undefined {
    const [, id = '', index, count, text = ''] = /^([\w-]+) (\d+) (\d+) (.*)$/su.exec(part) ?? []
    if (index === undefined) return undefined
    if (count === '1') return text
    const texts = this.#open.get(id) ?? []
    this.#open.delete(id)
    // What was lost, and what anybody may say.
    if (Number(index) !== texts.length + 1) return undefined
    texts.push(text)
    if (index === count) return texts.join('')
    this.#open.set(id, texts)
    const [oldest] = this.#open.keys()
    if (this.#open.size > MAX_OPEN && oldest !== undefined) this.#open.delete(oldest)
    return undefined
  }

  /** Parts may have been lost. */
  forget(): void {
    this.#open.clear()
  }
}
