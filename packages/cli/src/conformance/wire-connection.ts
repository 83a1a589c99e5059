import { connect, type Socket } from 'node:net'

/** How messages are delimited on a connection. */
export type Framing = 'lines' | 'content-length'

const HEADER_END = '\r\n\r\n'

/** A connection to a server under test, with as few layers as possible. */
export class WireConnection {
  readonly #socket: Socket
  readonly #framing: Framing
  readonly #messages: unknown[] = []
  #unread = Buffer.alloc(0)
  #ended = false
  /** Why nothing more can be read. */
  #failure: Error | undefined
  #wake: () => void = () => undefined

  constructor(endpoint: string, framing: Framing) {
    this.#framing = framing
    this.#socket = connect({ path: endpoint, allowHalfOpen: true })
    this.#socket.on('data', (chunk: Buffer) => {
      this.#unread = Buffer.concat([this.#unread, chunk])
      try {
        this.#readMessages()
      } catch (error) {
        this.#failure = error as Error
      }
      this.#wake()
    })
    this.#socket.on('error', (error: NodeJS.ErrnoException) => {
      // A server can close the connection while this side is still writing what it refuses.
      if (error.code !== 'EPIPE' && error.code !== 'ECONNRESET') this.#failure = error
    })
    for (const event of ['end', 'close']) {
      this.#socket.on(event, () => {
        this.#ended = true
        this.#wake()
      })
    }
  }

  /** Writes a message in the framing of the connection. */
  send(message: unknown): void {
    const text = JSON.stringify(message)
    if (this.#framing === 'lines') this.write(`${text}\n`)
    else this.write(`Content-Length: ${Buffer.byteLength(text)}${HEADER_END}${text}`)
  }

  write(text: string): void {
    this.#socket.write(text)
  }

  /** Writes each byte separately, with an event loop turn in between. */
  async writeBytes(text: string): Promise<void> {
    for (const byte of Buffer.from(text)) {
      this.#socket.write(Buffer.of(byte))
      await new Promise((resolve) => setImmediate(resolve))
    }
  }

  end(): void {
    this.#socket.end()
  }

  /** Returns the next message. @throws Error if none comes, or if it is malformed */
  async next(signal: AbortSignal): Promise<unknown> {
    await this.#until(() => this.#messages.length > 0, signal)
    if (this.#messages.length > 0) return this.#messages.shift()
    throw this.#failure ?? new Error('the server closed the connection')
  }

  /** Resolves once the server has closed the connection. @throws Error if it sends something or stays connected */
  async closed(signal: AbortSignal): Promise<void> {
    await this.#until(() => this.#messages.length > 0, signal)
    if (this.#messages.length > 0)
      throw new Error(`nothing more was expected, got ${JSON.stringify(this.#messages[0])}`)
    if (this.#failure !== undefined) throw this.#failure
  }

  destroy(): void {
    this.#socket.destroy()
  }

  async #until(isThere: () => boolean, signal: AbortSignal): Promise<void> {
    const wake = (): void => {
      this.#wake()
    }
    signal.addEventListener('abort', wake)
    try {
      while (!isThere() && !this.#ended && this.#failure === undefined) {
        if (signal.aborted) throw new Error('nothing arrived in time')
        await new Promise<void>((resolve) => {
          this.#wake = resolve
        })
      }
    } finally {
      signal.removeEventListener('abort', wake)
    }
  }

  #readMessages(): void {
    for (;;) {
      const text = this.#framing === 'lines' ? this.#takeLine() : this.#takeBody()
      if (text === undefined) return
      this.#messages.push(parse(text))
    }
  }

  #takeLine(): string | undefined {
    const end = this.#unread.indexOf('\n')
    return end === -1 ? undefined : this.#take(end, 1)
  }

  #takeBody(): string | undefined {
    const end = this.#unread.indexOf(HEADER_END)
    if (end === -1) return undefined
    const header = this.#unread.toString('latin1', 0, end)
    const length = /^Content-Length: *(\d+)$/imu.exec(header)?.[1]
    if (length === undefined)
      throw new Error(`a header with Content-Length was expected, got ${JSON.stringify(header)}`)
    if (this.#unread.length < end + HEADER_END.length + Number(length)) return undefined
    this.#take(end, HEADER_END.length)
    return this.#take(Number(length), 0)
  }

  #take(length: number, behind: number): string {
    const text = this.#unread.toString('utf8', 0, length)
    this.#unread = this.#unread.subarray(length + behind)
    return text
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    throw new Error(`JSON was expected, got ${JSON.stringify(text.slice(0, 200))}`)
  }
}
