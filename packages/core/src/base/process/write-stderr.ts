/**
 * Writes to stderr, whoever reads it. Where nobody does any more (`2>&1 | head`), the stream emits an error later on, which would end a
 * host that has no listener for it in the middle of its work; as with `console.error()`, the text is lost and nothing else.
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
  // The host writes on without it.
}
