import { readFileSync } from 'node:fs'

import {
  ownIdentity,
  parseProcStat,
  type ProcStat,
  type ProcessIdentity,
} from './process-identity.js'

/**
 * What is known of a process. Only `dead` is a proof; `unknown` (another container, another machine)
 * must be treated as alive.
 */
export type Liveness = 'running' | 'stopped' | 'dead' | 'unknown'

/** What the file system that holds an identity allows to conclude. */
export interface LivenessContext {
  /** False on a network file system, where another boot id may be another living machine. */
  readonly localFileSystem: boolean
}

/**
 * Judges whether the process or thread behind an identity still exists.
 *
 * Dead is: no such process in this pid namespace, another start time, a zombie, or another boot of the same
 * machine on a local file system. A missing `/proc` entry alone proves nothing (hidepid), `EPERM` means
 * alive, and `kill(pid, 0)` succeeds on zombies.
 */
export function judgeLiveness(identity: ProcessIdentity, context: LivenessContext): Liveness {
  const self = ownIdentity()
  if (identity.boot !== self.boot) {
    const samePlace = context.localFileSystem && identity.machine === self.machine
    return samePlace && identity.boot !== '' && self.boot !== '' ? 'dead' : 'unknown'
  }
  // Boot ids come from the kernel, so without one the machine has to tell two hosts apart.
  if (identity.boot === '' && (!context.localFileSystem || identity.machine !== self.machine))
    return 'unknown'
  if (identity.pidNamespace !== self.pidNamespace) return 'unknown'
  return identity.start === '' ? judgeByPid(identity) : judgeByStat(identity)
}

function judgeByPid({ pid }: ProcessIdentity): Liveness {
  return processExists(pid) ? 'running' : 'dead'
}

function judgeByStat(identity: ProcessIdentity): Liveness {
  const { pid, tid, start } = identity
  // The entry says more than kill() does, so for the living, who are the most, kill() is not needed.
  const main = readStat(`/proc/${pid}/stat`)
  if (main === undefined) return judgeByPid(identity)
  if (isEnded(main)) return 'dead'
  if (tid === pid) return main.start === start ? stateOf(main) : 'dead'
  // A worker thread that ended while its process goes on. The main entry was readable, so this is no hidepid.
  const thread = readStat(`/proc/${pid}/task/${tid}/stat`)
  return thread !== undefined && thread.start === start && !isEnded(thread)
    ? stateOf(thread)
    : 'dead'
}

function stateOf(stat: ProcStat): Liveness {
  return stat.state === 'T' || stat.state === 't' ? 'stopped' : 'running'
}

function isEnded(stat: ProcStat): boolean {
  return stat.state === 'Z' || stat.state === 'X'
}

/** Tells whether a pid is in use in this pid namespace, by a zombie too. */
function processExists(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}

/** Reads a stat file of `/proc`; `undefined` where it is missing or hidden. */
export function readStat(path: string): ProcStat | undefined {
  try {
    // Node reads UTF-8 in one call of its own and everything else in four, which takes half as long again. A command
    // that is no UTF-8 does not matter: what is used stands behind it.
    return parseProcStat(readFileSync(path, 'utf8'))
  } catch {
    return undefined
  }
}
