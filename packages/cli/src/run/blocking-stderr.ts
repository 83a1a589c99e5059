import { writeSync } from 'node:fs'
import { Writable } from 'node:stream'
import { isatty } from 'node:tty'

/**
 * Puts a stream that writes at once in the place of `process.stderr`. Node's own would make a pipe non-blocking, and with it
 * the same pipe in the child's hands, whose writes would then fail while the reader is slow. A terminal is opened anew
 * by Node, so nothing has to be done there.
 */
export function useBlockingStderr(): void {
  if (isatty(2)) return
  const stream = new Writable({
    write(chunk: Uint8Array, _encoding, done) {
      try {
        writeSync(2, chunk)
      } catch {
        // Nobody reads what is said here; the program's own writes are its own matter.
      }
      done()
    },
  })
  Object.defineProperty(process, 'stderr', { configurable: true, value: stream })
}
