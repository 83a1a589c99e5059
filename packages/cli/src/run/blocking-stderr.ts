import { writeSync } from 'node:fs'
import { Writable } from 'node:stream'
import { isatty } from 'node:tty'

/**
 * Replaces `process.stderr` with a stream that writes synchronously. Node's own stream makes a pipe non-blocking, for the
 * child too, whose writes would then fail while the reader is slow. Node reopens a terminal, so that case needs nothing.
 */
export function useBlockingStderr(): void {
  if (isatty(2)) return
  const stream = new Writable({
    write(chunk: Uint8Array, _encoding, done) {
      try {
        writeSync(2, chunk)
      } catch {
        // The reader of these messages has gone; the program's own writes are not affected.
      }
      done()
    },
  })
  Object.defineProperty(process, 'stderr', { configurable: true, value: stream })
}
