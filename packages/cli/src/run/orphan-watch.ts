import { spawn } from 'node:child_process'

import { printable } from '@cli-ops/shared-ipc/ops'

/** A small process that outlives this one where it is killed. */
export interface OrphanWatch {
  /** The program has ended, or the lock was released: nothing has to be watched any more. */
  stop(): void
}

/** Reads one word from this process; the end of the input in its place means that this process was killed. */
const SCRIPT = `IFS= read -r word && exit
kill -TERM "$1" 2>/dev/null && echo "$2" >&2`

/**
 * Asks a program to end (SIGTERM) as soon as this process is killed, even with SIGKILL: on an engine the lock is a lease that
 * this process renews, so from then on the program has as long as the rest of the lease. The watch is a shell in a session of
 * its own, out of reach of what ends this process.
 */
export function watchForOrphan(program: number, resource: string): OrphanWatch {
  const message = `cli-ops: was killed, so the lock on ${JSON.stringify(resource)} ends with its lease, and its program is asked to end`
  const args = ['-c', SCRIPT, 'cli-ops', String(program), printable(message)]
  const watch = spawn('/bin/sh', args, { stdio: ['pipe', 'ignore', 'inherit'], detached: true })
  watch.unref()
  const { stdin } = watch
  // It may have been killed itself.
  stdin.on('error', () => undefined)
  watch.on('error', () => undefined)
  return { stop: () => stdin.end('over\n') }
}
