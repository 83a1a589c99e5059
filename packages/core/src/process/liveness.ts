import { fs } from './builtins.js'

import { readText } from '../files/read-text.js'
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
 * Dead is: no such process in this pid namespace, another start time, a zombie without threads, or another boot of
 * the same machine on a local file system. A missing `/proc` entry alone proves nothing (hidepid), `EPERM` means
 * alive, and `kill(pid, 0)` succeeds on zombies.
 */
export function judgeLiveness(identity: ProcessIdentity, context: LivenessContext): Liveness {
  const self = ownIdentity()
  if (identity.boot !== self.boot) {
    // Two containers without a machine id are not thereby on one machine.
    const samePlace =
      context.localFileSystem && identity.machine !== '' && identity.machine === self.machine
    return samePlace && identity.boot !== '' && self.boot !== '' ? 'dead' : 'unknown'
  }
  // Boot ids come from the kernel, so without one the machine has to tell two hosts apart.
  if (identity.boot === '' && (!context.localFileSystem || identity.machine !== self.machine))
    return 'unknown'
  if (identity.pidNamespace !== self.pidNamespace) return 'unknown'
  return identity.start === '' || self.start === '' ? judgeByPid(identity) : judgeByStat(identity)
}

function judgeByPid({ pid }: ProcessIdentity): Liveness {
  return processExists(pid) ? 'running' : 'dead'
}

function judgeByStat(identity: ProcessIdentity): Liveness {
  const { pid, tid, start } = identity
  // The entry says more than kill() does, so for the living, who are the most, kill() is not needed.
  const main = readStat(`/proc/${pid}/stat`)
  if (main === undefined) return judgeByPid(identity)
  // A zombie whose other threads go on may still be writing: a killed process ends thread by thread.
  if (isEnded(main) && main.threads <= 1) return 'dead'
  if (tid === pid) return main.start === start ? stateOf(main) : judgeOtherStart(identity)
  // A worker thread that ended while its process goes on. The main entry was readable, so this is no hidepid.
  const thread = readStat(`/proc/${pid}/task/${tid}/stat`)
  if (thread === undefined || isEnded(thread)) return 'dead'
  return thread.start === start ? stateOf(thread) : judgeOtherStart(identity)
}

/** A pid in use again, or the same process seen from another time namespace, where start times are shifted. */
function judgeOtherStart({ pid }: ProcessIdentity): Liveness {
  const theirs = timeNamespace(pid)
  return theirs === undefined || theirs === timeNamespace('self') ? 'dead' : 'unknown'
}

function timeNamespace(pid: number | 'self'): string | undefined {
  try {
    return fs.readlinkSync(`/proc/${pid}/ns/time`)
  } catch {
    return undefined
  }
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
    // A command that is no UTF-8 does not matter: what is used stands behind it.
    return parseProcStat(readText(path))
  } catch {
    return undefined
  }
}
