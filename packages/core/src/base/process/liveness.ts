import { fs } from '../builtins.js'

import { readText } from '../files/read-text.js'
import { askLivenessSocket } from './ask-liveness-socket.js'
import { concludeLiveness, type Liveness } from './conclude-liveness.js'
import { findInNamespaces } from './find-in-namespaces.js'
import { kernelBootedAt } from './kernel-boot.js'
import { livenessSocketName } from './liveness-socket.js'
import {
  ownIdentity,
  parseProcStat,
  partnerOf,
  type ProcStat,
  type ProcessIdentity,
} from './process-identity.js'

export type { Liveness }

/** Where an identity was found, which limits the possible conclusions. */
export interface LivenessContext {
  /** False on a network file system, where another boot id can mean another running machine. */
  readonly localFileSystem: boolean
  /** The directory with the sockets of the processes that cannot be judged by their pids ({@link LivenessSocket}). */
  readonly sockets?: string | undefined
}

/**
 * Judges whether the process or thread behind an identity, or its partner, still exists.
 *
 * A process is dead if it is missing in this pid namespace, has another start time, is a zombie without threads, or existed before
 * this kernel booted; in another pid namespace, if its socket refuses connections or the initial namespace's table lacks it. A missing
 * `/proc` entry alone proves nothing (hidepid), `EPERM` means alive, and `kill(pid, 0)` succeeds on zombies. A missing fact equals
 * nothing, not even another missing one.
 */
export function judgeLiveness(identity: ProcessIdentity, context: LivenessContext): Liveness {
  // Both have the socket open, under the first one's name.
  const socket = (): string => livenessSocketName(identity)
  const liveness = judgeProcess(identity, socket, context)
  const partner = liveness === 'dead' ? partnerOf(identity) : undefined
  return partner === undefined ? liveness : judgeProcess(partner, socket, context)
}

function judgeProcess(
  identity: ProcessIdentity,
  socket: () => string,
  context: LivenessContext,
): Liveness {
  const self = ownIdentity()
  return concludeLiveness(identity, self, {
    localFileSystem: context.localFileSystem,
    bootedAt: kernelBootedAt,
    inTable: () =>
      identity.start === '' || self.start === '' ? judgeByPid(identity) : judgeByStat(identity),
    elsewhere: () => judgeElsewhere(identity, socket, context),
  })
}

/** Judges a process of this kernel in another pid namespace. */
function judgeElsewhere(
  identity: ProcessIdentity,
  socket: () => string,
  context: LivenessContext,
): Liveness {
  const found = findInNamespaces(identity)
  if (found === 'absent') return 'dead'
  if (found !== undefined) return judgeByStat(found)
  const { localFileSystem, sockets } = context
  if (!localFileSystem || sockets === undefined) return 'unknown'
  const answer = askLivenessSocket(sockets, socket())
  if (answer === 'none') return 'unknown'
  return answer === 'refused' ? 'dead' : 'running'
}

function judgeByPid({ pid }: ProcessIdentity): Liveness {
  return processExists(pid) ? 'running' : 'dead'
}

function judgeByStat(identity: ProcessIdentity): Liveness {
  const { pid, tid, start } = identity
  // The entry tells more than kill(), so live processes, the usual case, do not need kill().
  const main = readStat(`/proc/${pid}/stat`)
  if (main === undefined) return judgeByPid(identity)
  // A zombie with other running threads can still write: a killed process ends thread by thread.
  if (isEnded(main) && main.threads <= 1) return 'dead'
  if (tid === pid) return main.start === start ? stateOf(main) : judgeOtherStart(identity)
  // A worker thread that ended while its process continues. The main entry was readable, so hidepid is not the reason.
  const thread = readStat(`/proc/${pid}/task/${tid}/stat`)
  if (thread === undefined || isEnded(thread)) return 'dead'
  return thread.start === start ? stateOf(thread) : judgeOtherStart(identity)
}

/** Judges a reused pid, or the same process seen from another time namespace, where start times are shifted. */
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

/** Returns whether a pid is in use in this pid namespace, even by a zombie. */
function processExists(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}

/** Reads a stat file of `/proc`; `undefined` if it is missing or hidden. */
export function readStat(path: string): ProcStat | undefined {
  try {
    // A command name that is not UTF-8 does not matter: the fields in use come after it.
    return parseProcStat(readText(path))
  } catch {
    return undefined
  }
}
