import { randomId } from '../base/names/random-id.js'

/** Space for the header of a part: `rpc <frame> <part> <parts> `. */
const HEAD_BYTES = 128
/** Above this number of incomplete frames, the oldest are from senders that no longer exist. */
const MAX_OPEN = 256

/**
 * Splits a frame of `RelayedRpc` into parts that fit into one message each, for an engine with a message size limit.
 *
 * @param maxPayload maximum size of a message, in bytes
 */
export function splitFrame(frame: string, maxPayload: number): string[] {
  const maxBytes = Math.max(HEAD_BYTES, maxPayload - HEAD_BYTES)
  const texts: string[] = []
  for (let at = 0; at < frame.length || texts.length === 0;) {
    let end = Math.min(frame.length, at + maxBytes)
    // UTF-8 needs at most three bytes per code unit.
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

/** Reassembles frames. The parts of one frame arrive in order, possibly interleaved with parts of others. */
export class FrameParts {
  readonly #open = new Map<string, string[]>()

  /** Takes a part without its first word. Returns the frame if it was the last part. */
  take(part: string): string | undefined {
    const [, id = '', index, count, text = ''] = /^([\w-]+) (\d+) (\d+) (.*)$/su.exec(part) ?? []
    if (index === undefined) return undefined
    if (count === '1') return text
    const texts = this.#open.get(id) ?? []
    this.#open.delete(id)
    // A part was lost, or the message is forged.
    if (Number(index) !== texts.length + 1) return undefined
    texts.push(text)
    if (index === count) return texts.join('')
    this.#open.set(id, texts)
    const [oldest] = this.#open.keys()
    if (this.#open.size > MAX_OPEN && oldest !== undefined) this.#open.delete(oldest)
    return undefined
  }

  /** Called when parts might have been lost. */
  forget(): void {
    this.#open.clear()
  }
}
