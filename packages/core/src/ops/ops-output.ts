import type { Writable } from 'node:stream'

import { printable } from '../base/terminal/printable.js'
import { STYLE_CODE } from '../base/terminal/style.js'
import { jsonLine } from '../base/terminal/json-line.js'

/** Where the results of one command go. */
export interface OpsOutput {
  readonly print: (json: unknown, text: string) => void
  /** Aborted when the reader has gone (`| head -1`); that is its right and no error. */
  readonly closed: AbortSignal
  /** Resolves when everything is written. Rejects where it could not be, such as on a full disk. */
  finish(): Promise<void>
}

/** Makes the output on a stream, which is not ended: it belongs to the host. */
export function createOutput(stream: Writable, asJson: boolean): OpsOutput {
  const closed = new AbortController()
  let failure: NodeJS.ErrnoException | undefined
  // Never removed: a late error of the stream would end the host with a stack trace.
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') failure ??= error
    closed.abort()
  })
  return {
    print: (json, text) => {
      if (!closed.signal.aborted) stream.write(`${asJson ? jsonLine(json) : safeLines(text)}\n`)
    },
    closed: closed.signal,
    finish: async () => {
      await new Promise<void>((resolve) => {
        if (closed.signal.aborted || !stream.writable) resolve()
        // The callback comes with the error, too, where there is one.
        else stream.write('', () => resolve())
      })
      // The error event follows the callback of the write.
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

// Only the style comes through, and only to a terminal.
function safeLine(line: string): string {
  return line
    .split(STYLE_CODE)
    .map((part, index) => (index % 2 === 1 && process.stdout.isTTY ? part : printable(part)))
    .join('')
}
