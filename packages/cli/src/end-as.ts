/** How a command that goes on until it is told to stop ended: with an exit code, or asked by a signal. */
export type CommandEnd = number | 'SIGINT' | 'SIGTERM' | 'SIGHUP'

/** Ends this process so. */
export function endAs(end: CommandEnd): void {
  // As if nobody had listened, so that whoever started it sees the signal. It is also the only end of Node that does not abort
  // on a terminal that has gone.
  if (typeof end === 'string') process.kill(process.pid, end)
  // Not only the exit code: what an engine leaves open ends here.
  else process.exit(end)
}
