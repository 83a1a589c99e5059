/**
 * Writes to stderr and ignores a missing reader. If the reader is gone (`2>&1 | head`), the stream later emits an error that would end
 * a host without a listener in the middle of its work. As with `console.error()`, only the text is lost.
 */
export function writeStderr(text: string): void {
  try {
    const { stderr } = process
    stderr.write(text, (error) => {
      if (error != null && stderr.listenerCount('error') === 0) stderr.once('error', ignore)
    })
  } catch {
    // A closed stderr must not break the host.
  }
}

function ignore(): void {
  // The host continues to write without it.
}
