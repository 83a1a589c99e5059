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

/** Where an identity was found, and what that allows to conclude. */
export interface LivenessContext {
  /** False on a network file system, where another boot id may be another living machine. */
  readonly localFileSystem: boolean
  /** The directory with the sockets of the processes that cannot be judged by their pids ({@link LivenessSocket}). */
  readonly sockets?: string | undefined
}

/**
 * Judges whether the process or thread behind an identity still exists, or its partner does.
 *
 * Dead is: no such process in this pid namespace, another start time, a zombie without threads, a process that was there
 * before this kernel booted, or one of another pid namespace whose socket refuses connections or that the table of the
 * initial namespace lacks. A missing `/proc` entry alone proves nothing (hidepid), `EPERM` means alive, and `kill(pid, 0)`
 * succeeds on zombies. A fact that is absent equals nothing, not even another absent one.
 */
export function judgeLiveness(identity: ProcessIdentity, context: LivenessContext): Liveness {
  // Both have the socket open, under the name of the first.
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

/** Judges a process of this kernel to which pids mean something else. */
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
