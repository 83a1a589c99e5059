const HEAD_BYTES = 4

/** Encodes a message as one frame: its length, then the value including dates and bigints. */
export function encodeFrame(message: object): Buffer {
  const body = process.getBuiltinModule('node:v8').serialize(message)
  const frame = Buffer.allocUnsafe(HEAD_BYTES + body.length)
  frame.writeUInt32LE(body.length)
  body.copy(frame, HEAD_BYTES)
  return frame
}

/** Reassembles frames from the pieces that a pipe delivers. */
export class FrameReader {
  #pieces: Buffer[] = []
  #size = 0

  /** Returns the messages that this piece completes. */
  read(piece: Buffer): unknown[] {
    this.#pieces.push(piece)
    this.#size += piece.length
    const messages: unknown[] = []
    for (let body = this.#take(); body !== undefined; body = this.#take()) {
      messages.push(process.getBuiltinModule('node:v8').deserialize(body))
    }
    return messages
  }

  #take(): Buffer | undefined {
    if (this.#size < HEAD_BYTES) return undefined
    if ((this.#pieces[0]?.length ?? 0) < HEAD_BYTES) this.#join()
    const end = HEAD_BYTES + (this.#pieces[0]?.readUInt32LE() ?? 0)
    if (this.#size < end) return undefined
    const all = this.#join()
    this.#size -= end
    this.#pieces = this.#size === 0 ? [] : [all.subarray(end)]
    return all.subarray(HEAD_BYTES, end)
  }

  /** Called only when a frame is complete, so that a large one is not copied again with each piece. */
  #join(): Buffer {
    const [first = Buffer.alloc(0)] = this.#pieces
    if (this.#pieces.length < 2) return first
    const joined = Buffer.concat(this.#pieces)
    this.#pieces = [joined]
    return joined
  }
}
