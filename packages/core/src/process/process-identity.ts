import { fs } from './builtins.js'

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
}

let own: ProcessIdentity | undefined

/** Returns the identity of the calling thread; the facts are read once. */
export function ownIdentity(): ProcessIdentity {
  own ??= readOwnIdentity()
  return own
}

/** Writes an identity as a part of a file name: `p4242.t4242.s58553.b1a2b3c4d5e6f.n4026531836.m0123456789abcdef`. */
export function formatIdentity(identity: ProcessIdentity): string {
  const { pid, tid, start, boot, pidNamespace, machine } = identity
  return `p${pid}.t${tid}.s${start}.b${boot}.n${pidNamespace}.m${machine}`
}

/** Reads what {@link formatIdentity} wrote; `undefined` for anything else. */
export function parseIdentity(text: string): ProcessIdentity | undefined {
  const match = /^p(\d+)\.t(\d+)\.s(\d*)\.b([0-9a-f]*)\.n(\d*)\.m([0-9a-f]*)$/u.exec(text)
  if (match === null) return undefined
  const [, pid, tid, start = '', boot = '', pidNamespace = '', machine = ''] = match
  return { pid: Number(pid), tid: Number(tid), start, boot, pidNamespace, machine }
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
    machine: hash64(readFact('/etc/machine-id').trim()),
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
  readonly session: number
  /** Threads of the process; a zombie with more than one goes on in the others. */
  readonly threads: number
  readonly start: string
}

/** Parses a stat line. The command in parentheses may itself hold spaces and parentheses. */
export function parseProcStat(line: string): ProcStat | undefined {
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ', 20)
  const [state, parent, , session] = fields
  const [threads, , start] = fields.slice(17)
  if (state === undefined || state === '' || start === undefined) return undefined
  return {
    state,
    parent: Number(parent),
    session: Number(session),
    threads: Number(threads),
    start,
  }
}

/** Reads a file of facts about this machine; empty where it gives none. One call of Node's: every other encoding takes four. */
export function readFact(file: string): string {
  try {
    return fs.readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

function readLink(file: string): string {
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
