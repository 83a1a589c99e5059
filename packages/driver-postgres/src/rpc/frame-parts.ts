/** A notification holds 8,000 bytes. */
const MAX_PART_BYTES = 7_500

/** Cuts a frame into parts that a notification each can carry: `rpc <part> <parts> <text>`. */
export function splitFrame(frame: string): string[] {
  const texts: string[] = []
  for (let at = 0; at < frame.length || texts.length === 0;) {
    let end = Math.min(frame.length, at + MAX_PART_BYTES)
    // Three bytes a code unit is the most that UTF-8 needs.
    if (Buffer.byteLength(frame.slice(at, end)) > MAX_PART_BYTES)
      end = Math.min(frame.length, at + Math.floor(MAX_PART_BYTES / 3))
    if (end < frame.length && isHighSurrogate(frame.charCodeAt(end - 1))) end -= 1
    texts.push(frame.slice(at, end))
    at = end
  }
  return texts.map((text, index) => `rpc ${index + 1} ${texts.length} ${text}`)
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit < 0xdc00
}

/** Puts frames together again. The parts of one are said in one transaction, and so come one after the other. */
export class FrameParts {
  #texts: string[] = []

  /** Takes a part, without its first word. Gives the frame where it was the last one. */
  take(part: string): string | undefined {
    const [, index, count, text] = /^(\d+) (\d+) (.*)$/su.exec(part) ?? []
    // What was lost with a connection, and what anybody may say on a channel.
    if (text === undefined || Number(index) !== this.#texts.length + 1) this.#texts = []
    if (text === undefined || Number(index) !== this.#texts.length + 1) return undefined
    this.#texts.push(text)
    if (index !== count) return undefined
    const frame = this.#texts.join('')
    this.#texts = []
    return frame
  }
}
