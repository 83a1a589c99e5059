import { writeSync } from 'node:fs'
import type { ReadStream, WriteStream } from 'node:tty'

/** What a full-screen program is told. */
export interface FullScreenEvents {
  /** The size has changed, or the program goes on after it was suspended: everything has to be drawn again. */
  readonly onRedraw: () => void
  /** The terminal has gone, or the process was asked to end by this signal. */
  readonly onEnd: (signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP') => void
}

// Alternate screen, no cursor, no line wrap; and back.
const ENTER = '\u001b[?1049h\u001b[?25l\u001b[?7l'
const LEAVE = '\u001b[?7h\u001b[?25h\u001b[?1049l'
// A terminal that knows this shows a frame whole or not at all; the others ignore it.
const BEGIN_FRAME = '\u001b[?2026h'
const END_FRAME = '\u001b[?2026l'
const RESUME_MS = 50

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * A terminal in the hands of one program: the alternate screen and raw keys, given back however the program ends, and while
 * it is suspended. Nothing helps against `kill -9`; `reset` does then.
 */
export class FullScreen {
  readonly #input: ReadStream
  readonly #output: WriteStream & { readonly fd: number }
  readonly #events: FullScreenEvents
  readonly #cleanUps: (() => void)[] = []
  #lines: readonly string[] = []
  #isActive = false
  #isOpen = true

  constructor(
    input: ReadStream,
    output: WriteStream & { readonly fd: number },
    events: FullScreenEvents,
  ) {
    this.#input = input
    this.#output = output
    this.#events = events
    this.#listen()
    this.#enter()
  }

  get size(): { readonly columns: number; readonly rows: number } {
    // Some pseudo-terminals say 0.
    return { columns: this.#output.columns || 80, rows: this.#output.rows || 24 }
  }

  /** Shows lines that fit the size, writing only those that have changed. */
  draw(lines: readonly string[]): void {
    if (!this.#isActive) return
    let frame = ''
    for (let row = 0; row < Math.max(lines.length, this.#lines.length); row += 1) {
      const line = lines[row] ?? ''
      if (line !== this.#lines[row]) frame += `\u001b[${row + 1};1H${line}\u001b[0m\u001b[K`
    }
    this.#lines = lines
    if (frame !== '') this.#output.write(`${BEGIN_FRAME}${frame}${END_FRAME}`)
  }

  /** Forgets what is on the screen, so that the next frame is drawn from scratch. */
  clear(): void {
    if (!this.#isActive) return
    this.#lines = []
    this.#output.write('\u001b[2J')
  }

  /** Gives the terminal back and stops the process, as Ctrl-Z does. It goes on where `fg` lets it. */
  suspend(): void {
    // There is nothing to resume it on Windows.
    if (process.platform === 'win32') return
    this.#leave()
    process.off('SIGTSTP', this.#onSuspend)
    // The whole group, as the terminal does it: a launcher such as npx has to stop, too.
    process.kill(0, 'SIGTSTP')
    // Where nobody can resume it the kernel does not stop it, and no SIGCONT comes.
    setTimeout(() => {
      this.#resume()
    }, RESUME_MS)
  }

  /** Gives the terminal back for good. Doing it twice does nothing. */
  close(): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    for (const cleanUp of this.#cleanUps) cleanUp()
    this.#leave()
  }

  #listen(): void {
    const { onEnd, onRedraw } = this.#events
    const redraw = (): void => {
      this.clear()
      onRedraw()
    }
    const hangUp = (): void => onEnd('SIGHUP')
    const leave = (): void => this.#leave()
    this.#on(process, 'SIGCONT', () => this.#resume())
    process.on('SIGTSTP', this.#onSuspend)
    this.#cleanUps.push(() => process.off('SIGTSTP', this.#onSuspend))
    for (const signal of SIGNALS) this.#on(process, signal, () => onEnd(signal))
    // In a crash, before Node prints the stack: on the screen that people get back.
    this.#on(process, 'uncaughtExceptionMonitor', leave)
    this.#on(process, 'exit', leave)
    this.#on(this.#output, 'resize', redraw)
    this.#on(this.#output, 'error', hangUp)
    this.#on(this.#input, 'end', hangUp)
    this.#on(this.#input, 'error', hangUp)
  }

  #on(emitter: NodeJS.EventEmitter, event: string, listener: () => void): void {
    emitter.on(event, listener)
    // A late error of a stream would end the process with a stack trace.
    if (event !== 'error') this.#cleanUps.push(() => emitter.off(event, listener))
  }

  readonly #onSuspend = (): void => this.suspend()

  #resume(): void {
    if (!this.#isOpen || this.#isActive) return
    process.off('SIGTSTP', this.#onSuspend)
    process.on('SIGTSTP', this.#onSuspend)
    this.#enter()
    this.#events.onRedraw()
  }

  #enter(): void {
    this.#isActive = true
    this.#lines = []
    this.#input.setRawMode(true)
    this.#input.resume()
    this.#output.write(`${ENTER}\u001b[2J`)
  }

  #leave(): void {
    if (!this.#isActive) return
    this.#isActive = false
    // At once, since the process may be ending.
    writeNow(this.#output.fd, `\u001b[0m${LEAVE}`)
    try {
      this.#input.setRawMode(false)
    } catch {
      // The terminal has gone.
    }
    this.#input.pause()
  }
}

function writeNow(fd: number, text: string): void {
  for (let tries = 0; tries < 100; tries += 1) {
    try {
      writeSync(fd, text)
      return
    } catch (error) {
      // A slow terminal is full; anything else means that there is none.
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') return
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5)
    }
  }
}
