import { fs } from '../builtins.js'
import { processPart } from './process-state.js'

/**
 * What tells one process (or worker thread) from every other one, also after its pid has been used again,
 * after a reboot and across containers that share a directory. Empty strings stand for facts this
 * platform does not give; nothing is ever concluded from them.
 */
export interface ProcessIdentity {
  readonly pid: number
  /** Kernel id of the thread; equal to `pid` for the main thread and where threads cannot be told apart. */
  readonly tid: number
  /** Start time of the thread in clock ticks since boot (Linux), else empty. */
  readonly start: string
  /** First 12 hexadecimal digits of the kernel's boot id (Linux), else empty. */
  readonly boot: string
  /** Inode of the pid namespace (Linux), else empty. */
  readonly pidNamespace: string
  /** A 64-bit hash of the machine id, since the id itself is to be kept private (machine-id(5)). */
  readonly machine: string
  /** A moment at which the process was there, in seconds since 1970, as early as it is known. */
  readonly seenAt: string
  /** A second process that bears the name as well: whoever is meant has ended when both have. */
  readonly partner?: Partner | undefined
}

/** A process of the same kernel and pid namespace as the one it is named with. */
export interface Partner {
  readonly pid: number
  /** Start time of the process in clock ticks since boot (Linux), else empty. */
  readonly start: string
}

/** What Linux calls the pid namespace that sees all processes of the kernel (PROC_PID_INIT_INO), since 3.8. */
export const INITIAL_PID_NAMESPACE = '4026531836'

/** Returns the identity of the calling thread; the facts are read once. */
export function ownIdentity(): ProcessIdentity {
  return processPart('own-identity', readOwnIdentity)
}

/**
 * Writes an identity as a part of a file name: `p4242.t4242.s58553.b1a2b3c4d5e6f.n4026531836.m0123456789abcdef.w1795344516`, with a
 * partner `….a4243-58560`.
 */
export function formatIdentity(identity: ProcessIdentity): string {
  const { pid, tid, start, boot, pidNamespace, machine, seenAt, partner } = identity
  const text = `p${pid}.t${tid}.s${start}.b${boot}.n${pidNamespace}.m${machine}.w${seenAt}`
  return partner === undefined ? text : `${text}.a${partner.pid}-${partner.start}`
}

/** Reads what {@link formatIdentity} wrote; `undefined` for anything else. */
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

/** The identity of the second process that is meant, where there is one. */
export function partnerOf({ partner, ...facts }: ProcessIdentity): ProcessIdentity | undefined {
  return partner && { ...facts, pid: partner.pid, tid: partner.pid, start: partner.start }
}

function readOwnIdentity(): ProcessIdentity {
  const { pid } = process
  const stat = readFact('/proc/thread-self/stat')
  // The main thread has the number of its process, so that only another one has to ask which process it is of.
  const isMain = stat.startsWith(`${pid} `)
  const [table, , thread] = isMain ? [] : readLink('/proc/thread-self').split('/')
  // With a pid namespace of its own and the table of another one ("unshare -p -f"), what /proc says of a pid is about
  // somebody else: no start time then, and nobody is judged by one.
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

/** The present moment as an identity has it. Rounded up: a process must not seem to be older than it is. */
export function secondsNow(): string {
  return String(Math.ceil(Date.now() / 1000))
}

function machineId(): string {
  const id = readFact('/etc/machine-id').trim()
  if (id !== '' || process.platform === 'linux') return id
  // A Mac changes its name with the network that it is in, and this directory is made with the installation.
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

/** The last of the fields that {@link parseProcStat} reads, and the only one that every command needs. */
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
  /** Threads of the process; a zombie with more than one goes on in the others. */
  readonly threads: number
  readonly start: string
}

/** Parses a stat line. The command in parentheses may itself hold spaces and parentheses. */
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

/** Reads a file of facts about this machine, as Linux has them; empty where it gives none. One call of Node's: every other encoding takes four. */
export function readFact(file: string): string {
  // Elsewhere it is a folder as any other: on the drive that a Windows process is on, or all of Linux under Wine.
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

/** FNV-1a, 64 bits: enough to tell machines apart, and too little to give their id away. */
function hash64(text: string): string {
  if (text === '') return ''
  let hash = 0xcbf29ce484222325n
  for (let index = 0; index < text.length; index += 1) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(text.charCodeAt(index))) * 0x100000001b3n)
  }
  return hash.toString(16).padStart(16, '0')
}
