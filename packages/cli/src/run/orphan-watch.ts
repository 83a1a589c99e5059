import { spawn } from 'node:child_process'

import { printable } from '@cli-ops/shared-ipc/ops/wrap'

import { BEGAN } from './shell-identity.js'

/** A small process that outlives this one where it is killed, even with SIGKILL. */
export interface OrphanWatch {
  /** The program has ended, or the lock was released: nothing has to be watched any more. */
  stop(): void
}

/** Reads one word from this process; the end of the input in its place means that this process was killed. */
const ORPHANED = `${BEGAN}
start=$(began "$1")
IFS= read -r word && exit
[ -n "$start" ] || exit
is_there() { [ "$(began "$1")" = "$start" ]; }`

/**
 * Asks the program of a killed run to end (SIGTERM): on an engine the lock is a lease that this process renews, so from then on the
 * program has as long as the rest of the lease.
 */
export function endOrphan(program: number, resource: string): OrphanWatch {
  const message = `cli-ops: killed; the lock on ${JSON.stringify(resource)} ends with its lease, so its program is asked to end`
  const script = `${ORPHANED}
is_there "$1" && kill -TERM "$1" 2>/dev/null && echo "$2" >&2`
  return startWatch(script, [String(program), printable(message)], [])
}

/**
 * Keeps the descriptor of a liveness socket open for as long as the program of a killed run goes on: it has the socket as well, but
 * may have closed all that it was given. Only then is the process table looked at, once a second.
 */
export function keepForOrphan(program: number, socket: number): OrphanWatch {
  return startWatch(
    `${ORPHANED}\nwhile is_there "$1"; do sleep 1; done`,
    [String(program)],
    [socket],
  )
}

/** The watch is a shell in a session of its own, out of reach of what ends this process. */
function startWatch(
  script: string,
  args: readonly string[],
  descriptors: readonly number[],
): OrphanWatch {
  const watch = spawn('/bin/sh', ['-c', script, 'cli-ops', ...args], {
    stdio: ['pipe', 'ignore', 'inherit', ...descriptors],
    detached: true,
  })
  watch.unref()
  const { stdin } = watch
  // It may have been killed itself.
  stdin?.on('error', () => undefined)
  watch.on('error', () => undefined)
  return { stop: () => stdin?.end('over\n') }
}
