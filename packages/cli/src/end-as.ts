/** How a command that runs until stopped ended: with an exit code, or by a signal. */
export type CommandEnd = number | 'SIGINT' | 'SIGTERM' | 'SIGHUP'

/** Ends this process in that way. */
export function endAs(end: CommandEnd): void {
  // As if there were no listener, so that the parent sees the signal. It is also the only way for Node to end without aborting
  // when the terminal has gone.
  if (typeof end === 'string') process.kill(process.pid, end)
  // Exits instead of only setting the exit code: handles that an engine leaves open end here.
  else process.exit(end)
}
