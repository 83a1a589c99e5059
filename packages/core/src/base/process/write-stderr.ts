import { setImmediate } from '../wait/own-timers.js'

/**
 * Writes to stderr and ignores a missing reader or a full disk. The stream later emits an error for each lost text, which would end a
 * host without a listener in the middle of its work. As with `console.error()`, only the text is lost.
 */
export function writeStderr(text: string): void {
  try {
    const { stderr } = process
    stderr.write(text, (error) => {
      if (error != null) ignoreErrors(stderr)
    })
  } catch {
    // A closed stderr must not break the host.
  }
}

let isIgnoring = false

/**
 * Ignores the errors of this turn of the event loop, even if there is another listener: a worker's piped stderr has one that emits the
 * error again if no other listener exists.
 */
function ignoreErrors(stderr: NodeJS.WriteStream): void {
  if (isIgnoring) return
  isIgnoring = true
  stderr.on('error', ignore)
  setImmediate(() => {
    stderr.off('error', ignore)
    isIgnoring = false
  }).unref()
}

function ignore(): void {
  // The host continues to write without it.
}
