import { writeSync } from 'node:fs'
import type { ReadStream, WriteStream } from 'node:tty'

/** Callbacks of a full-screen program. */
export interface FullScreenEvents {
  /** Called if the size changed, or the program resumed after a suspension: everything has to be redrawn. */
  readonly onRedraw: () => void
  /** Called if the terminal has gone, or this signal asked the process to end. */
  readonly onEnd: (signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP') => void
}

// Alternate screen, no cursor, no line wrap; and back.
const ENTER = '\u001b[?1049h\u001b[?25l\u001b[?7l'
const LEAVE = '\u001b[?7h\u001b[?25h\u001b[?1049l'
// A terminal that supports this shows a frame whole or not at all; others ignore it.
const BEGIN_FRAME = '\u001b[?2026h'
const END_FRAME = '\u001b[?2026l'
const RESUME_MS = 50

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * A terminal controlled by one program: the alternate screen and raw keys, restored however the program ends, and while it
 * is suspended. Only `kill -9` prevents that; run `reset` then.
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
    // Some pseudo-terminals report 0.
    return { columns: this.#output.columns || 80, rows: this.#output.rows || 24 }
  }

  /** Shows lines that fit the size, writing only changed ones. */
  draw(lines: readonly string[]): void {
    if (!this.#isActive) return
    let frame = ''
    for (let row = 0; row < Math.max(lines.length, this.#lines.length); row += 1) {
      const line = lines[row] ?? ''
      // Erased first: behind a line as wide as the terminal, the cursor is still on its last character.
      if (line !== this.#lines[row]) frame += `\u001b[${row + 1};1H\u001b[K${line}\u001b[0m`
    }
    this.#lines = lines
    if (frame !== '') this.#output.write(`${BEGIN_FRAME}${frame}${END_FRAME}`)
  }

  /** Forgets the screen contents, so that the next frame is drawn from scratch. */
  clear(): void {
    if (!this.#isActive) return
    this.#lines = []
    this.#output.write('\u001b[2J')
  }

  /** Restores the terminal and stops the process, as Ctrl-Z does. It resumes when `fg` continues it. */
  suspend(): void {
    // Windows has nothing to resume it.
    if (process.platform === 'win32') return
    this.#leave()
    process.off('SIGTSTP', this.#onSuspend)
    // The whole group, as the terminal does it: a launcher such as npx has to stop, too.
    process.kill(0, 'SIGTSTP')
    // If no process can resume it, the kernel does not stop it, and no SIGCONT comes.
    setTimeout(() => {
      this.#resume()
    }, RESUME_MS)
  }

  /** Restores the terminal permanently. Calling it again does nothing. */
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
    // In a crash, before Node prints the stack, so that it appears on the normal screen.
    this.#on(process, 'uncaughtExceptionMonitor', leave)
    this.#on(process, 'exit', leave)
    this.#on(this.#output, 'resize', redraw)
    this.#on(this.#output, 'error', hangUp)
    this.#on(this.#input, 'end', hangUp)
    this.#on(this.#input, 'error', hangUp)
  }

  #on(emitter: NodeJS.EventEmitter, event: string, listener: () => void): void {
    emitter.on(event, listener)
    // Kept: a late stream error would end the process with a stack trace.
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
    // Synchronously, since the process might be ending.
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
      // A slow terminal's buffer is full; any other error means that the terminal has gone.
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') return
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5)
    }
  }
}
