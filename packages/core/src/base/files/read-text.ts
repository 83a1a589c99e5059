import { fs } from '../builtins.js'

/** The kit's own files, and those that it reads in `/proc`, are smaller. */
const BUFFER_BYTES = 8 * 1024
let buffer: Buffer | undefined

/**
 * Reads a small file as UTF-8 in three system calls; `readFileSync` needs four and a buffer for each file. Throws like `readFileSync`.
 */
export function readText(path: string): string {
  const descriptor = fs.openSync(path, 'r')
  try {
    buffer ??= Buffer.allocUnsafeSlow(BUFFER_BYTES)
    const length = fs.readSync(descriptor, buffer, 0, BUFFER_BYTES, null)
    // A short read means the end, for files and /proc entries alike.
    if (length < BUFFER_BYTES) return buffer.toString('utf8', 0, length)
  } finally {
    fs.closeSync(descriptor)
  }
  return fs.readFileSync(path, 'utf8')
}
