import { fs } from '../builtins.js'
import { processPart } from './process-state.js'

/**
 * Identifies one process (or worker thread) even after its pid was reused, after a reboot, and across containers that share a
 * directory. Empty strings stand for facts that the platform does not provide; nothing is ever concluded from them.
 */
export interface ProcessIdentity {
  readonly pid: number
  /** Kernel id of the thread; equal to `pid` for the main thread, or if threads cannot be distinguished. */
  readonly tid: number
  /** Start time of the thread in clock ticks since boot (Linux), else empty. */
  readonly start: string
  /** First 12 hexadecimal digits of the kernel's boot id (Linux), else empty. */
  readonly boot: string
  /** Inode of the pid namespace (Linux), else empty. */
  readonly pidNamespace: string
  /** A 64-bit hash of the machine id, since the id itself must be kept private (machine-id(5)). */
  readonly machine: string
  /** The earliest known moment at which the process existed, in seconds since 1970. */
  readonly seenAt: string
  /** A second process with the same identity: the identity has ended when both have. */
  readonly partner?: Partner | undefined
}

/** A process in the same kernel and pid namespace as the main one. */
export interface Partner {
  readonly pid: number
  /** Start time of the process in clock ticks since boot (Linux), else empty. */
  readonly start: string
}

/** Linux's number for the pid namespace that sees all processes of the kernel (PROC_PID_INIT_INO), since 3.8. */
export const INITIAL_PID_NAMESPACE = '4026531836'

/** Returns the identity of the calling thread, which is read only once. */
export function ownIdentity(): ProcessIdentity {
  return processPart('own-identity', readOwnIdentity)
}

/**
 * Formats an identity as part of a file name: `p4242.t4242.s58553.b1a2b3c4d5e6f.n4026531836.m0123456789abcdef.w1795344516`, with a
 * partner `….a4243-58560`.
 */
export function formatIdentity(identity: ProcessIdentity): string {
  const { pid, tid, start, boot, pidNamespace, machine, seenAt, partner } = identity
  const text = `p${pid}.t${tid}.s${start}.b${boot}.n${pidNamespace}.m${machine}.w${seenAt}`
  return partner === undefined ? text : `${text}.a${partner.pid}-${partner.start}`
}

/** Parses the result of {@link formatIdentity}; `undefined` for anything else. */
export function parseIdentity(text: string): ProcessIdentity | undefined {
  const match =
    /^p(\d+)\.t(\d+)\.s(\d*)\.b([0-9a-f]*)\.n(\d*)\.m([0-9a-f]*)(?:\.w(\d*))?(?:\.a(\d+)-(\d*))?$/u.exec(
      text,
    )
  if (match === null) return undefined
  const [, pid, tid, start = '', boot = '', pidNamespace = '', machine = '', seenAt = ''] = match
  const [partnerPid, partnerStart = ''] = match.slice(8)
  return {
    pid: Number(pid),
    tid: Number(tid),
    start,
    boot,
    pidNamespace,
    machine,
    seenAt,
    ...(partnerPid !== undefined && {
      partner: { pid: Number(partnerPid), start: partnerStart },
    }),
  }
}

/** Returns the identity of the second process, if there is one. */
export function partnerOf({ partner, ...facts }: ProcessIdentity): ProcessIdentity | undefined {
  return partner && { ...facts, pid: partner.pid, tid: partner.pid, start: partner.start }
}

function readOwnIdentity(): ProcessIdentity {
  const { pid } = process
  const stat = readFact('/proc/thread-self/stat')
  // The main thread has the number of its process, so only other threads need to look up their process.
  const isMain = stat.startsWith(`${pid} `)
  const [table, , thread] = isMain ? [] : readLink('/proc/thread-self').split('/')
  // In a separate pid namespace with the table of another one ("unshare -p -f"), /proc describes a different process under
  // this pid. Then there is no start time, and none is used for judging.
  const tableIsOwn = isMain || table === String(pid)
  return {
    pid,
    tid: thread !== undefined && tableIsOwn ? Number(thread) : pid,
    start: tableIsOwn ? startTimeOf(stat) : '',
    boot: readFact('/proc/sys/kernel/random/boot_id').replaceAll('-', '').slice(0, 12),
    pidNamespace: readLink('/proc/self/ns/pid').slice('pid:['.length, -1),
    machine: hash64(machineId()),
    seenAt: secondsNow(),
  }
}

/** Returns the current time in the format of an identity. Rounded up: a process must not seem older than it is. */
export function secondsNow(): string {
  return String(Math.ceil(Date.now() / 1000))
}

function machineId(): string {
  const id = readFact('/etc/machine-id').trim()
  if (id !== '' || process.platform === 'linux') return id
  // A Mac's hostname changes with the network; this directory is created at installation.
  if (process.platform === 'darwin') return ageOf('/private/var/db')
  return process.getBuiltinModule('node:os').hostname()
}

function ageOf(directory: string): string {
  try {
    const { ino, birthtimeNs } = fs.statSync(directory, { bigint: true })
    return `${ino} ${birthtimeNs}`
  } catch {
    return ''
  }
}

/** Returns the last field that {@link parseProcStat} reads, and the only one that every command needs. */
function startTimeOf(stat: string): string {
  return stat.slice(stat.lastIndexOf(')')).split(' ', 21)[20] ?? ''
}

/** The facts this kit reads from `/proc/<pid>/stat` (proc_pid_stat(5)). */
export interface ProcStat {
  /** `R`, `S`, `D`, `T` (stopped), `t` (traced), `Z` (zombie), `X` (dead), … */
  readonly state: string
  readonly parent: number
  readonly group: number
  readonly session: number
  /** Number of threads of the process; a zombie with more than one continues in the others. */
  readonly threads: number
  readonly start: string
}

/** Parses a stat line. The command in parentheses can itself contain spaces and parentheses. */
export function parseProcStat(line: string): ProcStat | undefined {
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ', 20)
  const [state, parent, group, session] = fields
  const [threads, , start] = fields.slice(17)
  if (state === undefined || state === '' || start === undefined) return undefined
  return {
    state,
    parent: Number(parent),
    group: Number(group),
    session: Number(session),
    threads: Number(threads),
    start,
  }
}

/**
 * Reads a file with facts about this machine on Linux; empty if there is none. A single call into Node: every other encoding takes
 * four.
 */
export function readFact(file: string): string {
  // Elsewhere the path is an ordinary folder: on the drive of a Windows process, or all of Linux under Wine.
  if (process.platform !== 'linux') return ''
  try {
    return fs.readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

function readLink(file: string): string {
  if (process.platform !== 'linux') return ''
  try {
    return fs.readlinkSync(file)
  } catch {
    return ''
  }
}

/** FNV-1a, 64 bits: enough to distinguish machines, too little to reveal their ids. */
function hash64(text: string): string {
  if (text === '') return ''
  let hash = 0xcbf29ce484222325n
  for (let index = 0; index < text.length; index += 1) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(text.charCodeAt(index))) * 0x100000001b3n)
  }
  return hash.toString(16).padStart(16, '0')
}
