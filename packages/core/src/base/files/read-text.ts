import { fs } from '../builtins.js'

/** What the kit writes, and what it reads of `/proc`, is smaller. */
const BUFFER_BYTES = 8 * 1024
let buffer: Buffer | undefined

/**
 * Reads a small file as UTF-8 in three system calls; `readFileSync` makes four and a buffer for each file. Throws as that.
 */
export function readText(path: string): string {
  const descriptor = fs.openSync(path, 'r')
  try {
    buffer ??= Buffer.allocUnsafeSlow(BUFFER_BYTES)
    const length = fs.readSync(descriptor, buffer, 0, BUFFER_BYTES, null)
    // Less than was asked for is all there is, of a file and of an entry of /proc alike.
    if (length < BUFFER_BYTES) return buffer.toString('utf8', 0, length)
  } finally {
    fs.closeSync(descriptor)
  }
  return fs.readFileSync(path, 'utf8')
}
