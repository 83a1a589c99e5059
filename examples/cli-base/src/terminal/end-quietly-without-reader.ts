/** Ends quietly when the reader has seen enough, as in `cli-alpha list | head -1`: that is not a failure. */
export function endQuietlyWithoutReader(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    process.exit()
  })
}
