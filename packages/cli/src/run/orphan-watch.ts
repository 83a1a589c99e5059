import { spawn } from 'node:child_process'

import { printable } from '@cli-ops/shared-ipc/ops/wrap'

import { BEGAN } from './shell-identity.js'

/** A small process that survives this one if it is killed, even with SIGKILL. */
export interface OrphanWatch {
  /** Called when the program has ended or the lock was released: there is nothing left to watch. */
  stop(): void
}

/** Reads one word from this process; end of input instead means that this process was killed. */
const ORPHANED = `${BEGAN}
start=$(began "$1")
IFS= read -r word && exit
is_there() { [ -n "$start" ] && [ "$(began "$1")" = "$start" ]; }`

/**
 * Asks the program of a killed run to end (SIGTERM), then records the run's end. On an engine the lock is a lease that this process
 * renews, so the program has the rest of the lease to end.
 *
 * @param recorder the command line that records the end
 */
export function endOrphan(
  program: number,
  resource: string,
  recorder: readonly string[],
): OrphanWatch {
  const message = `cli-ops: killed; the lock on ${JSON.stringify(resource)} ends with its lease; asking the program to end`
  const script = `${ORPHANED}
is_there "$1" && kill -TERM "$1" 2>/dev/null && echo "$2" >&2
shift 2
exec "$@" 2>/dev/null`
  return startWatch(script, [String(program), printable(message), ...recorder], [])
}

/**
 * Keeps the descriptor of a liveness socket open while the program of a killed run continues: it has the socket too, but might have
 * closed all its descriptors. Only then does it poll the process table, once a second.
 */
export function keepForOrphan(program: number, socket: number): OrphanWatch {
  return startWatch(
    `${ORPHANED}\nwhile is_there "$1"; do sleep 1; done`,
    [String(program)],
    [socket],
  )
}

/** The watch is a shell in its own session, so whatever ends this process does not reach it. */
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
  // The watch itself can be killed.
  stdin?.on('error', () => undefined)
  watch.on('error', () => undefined)
  return { stop: () => stdin?.end('over\n') }
}
