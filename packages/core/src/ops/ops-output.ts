import type { Writable } from 'node:stream'

import { printable } from '../base/terminal/printable.js'
import { STYLE_CODE } from '../base/terminal/style.js'
import { jsonLine } from '../base/terminal/json-line.js'
import { setImmediate } from '../base/wait/own-timers.js'
import { ReplacedLines, type TerminalSize } from './replaced-lines.js'

/** The output of one command. */
export interface OpsOutput {
  readonly print: (json: unknown, text: string) => void
  /** Writes a text to the terminal, in place of the one it wrote before. */
  readonly replace: (text: string) => void
  /** Aborted when the reader has gone (`| head -1`), which is not an error. */
  readonly closed: AbortSignal
  /** Resolves once everything is written. Rejects if that fails, for example on a full disk. */
  finish(): Promise<void>
}

/** Creates the output on a stream. The stream belongs to the host and is never ended. */
export function createOutput(stream: Writable & TerminalSize, asJson: boolean): OpsOutput {
  const closed = new AbortController()
  const lines = new ReplacedLines()
  let failure: NodeJS.ErrnoException | undefined
  // Never removed: without it, a late stream error would crash the host.
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') failure ??= error
    closed.abort()
  })
  return {
    print: (json, text) => {
      if (!closed.signal.aborted) stream.write(`${asJson ? jsonLine(json) : safeLines(text)}\n`)
    },
    replace: (text) => {
      if (closed.signal.aborted) return
      stream.write(lines.replaceBy(safeLines(text).split('\n'), stream))
    },
    closed: closed.signal,
    finish: async () => {
      await new Promise<void>((resolve) => {
        if (closed.signal.aborted || !stream.writable) resolve()
        // The callback is also called on an error.
        else stream.write('', () => resolve())
      })
      // The error event follows the write callback.
      await new Promise((resolve) => setImmediate(resolve))
      if (failure === undefined) return
      const { message, errno } = failure
      throw Object.assign(new Error(`cannot write the result: ${message}`), { errno })
    },
  }
}

function safeLines(text: string): string {
  return text.split('\n').map(safeLine).join('\n')
}

// Only styling passes through, and only to a terminal.
function safeLine(line: string): string {
  return line
    .split(STYLE_CODE)
    .map((part, index) => (index % 2 === 1 && process.stdout.isTTY ? part : printable(part)))
    .join('')
}
