import { fs } from '../builtins.js'
import {
  INITIAL_PID_NAMESPACE,
  formatIdentity,
  ownIdentity,
  parseProcStat,
  type ProcessIdentity,
} from './process-identity.js'

/** An inconclusive table is read again after this time, since reading takes milliseconds. */
const ASK_AGAIN_MS = 1000
const MAX_REMEMBERED = 1000

interface Finding {
  /** The identity by which it can be judged here; `absent` if there is no such process. */
  readonly found: ProcessIdentity | 'absent' | undefined
  readonly atMs: number
}

const findings = new Map<string, Finding>()

/**
 * Looks up a process of another pid namespace from the initial one, whose table lists all processes of this kernel with their pids in
 * their own namespaces (`NSpid`). `absent` proves that it has ended. `undefined` if the table proves nothing, because this is not the
 * initial namespace or a part of the table is hidden.
 */
export function findInNamespaces(identity: ProcessIdentity): Finding['found'] {
  const own = ownIdentity()
  if (own.pidNamespace !== INITIAL_PID_NAMESPACE || own.start === '') return undefined
  if (identity.start === '' || identity.pidNamespace === '') return undefined
  const name = formatIdentity(identity)
  const known = findings.get(name)
  if (known !== undefined) {
    // A found process is judged by its identity here; one that has ended does not come back.
    const isOld = performance.now() - known.atMs > ASK_AGAIN_MS
    if (known.found !== undefined || !isOld) return known.found
  }
  const found = search(identity)
  if (findings.size >= MAX_REMEMBERED) findings.clear()
  findings.set(name, { found, atMs: performance.now() })
  return found
}

function search(identity: ProcessIdentity): Finding['found'] {
  try {
    // On a kernel without this field, its absence proves nothing.
    if (hidesProcesses() || !readEntry('/proc/self/status').includes('\nNStgid:')) return undefined
    let isSure = true
    for (const name of fs.readdirSync('/proc')) {
      if (!/^\d+$/u.test(name)) continue
      const match = compare(name, identity)
      if (match === 'unsure') isSure = false
      else if (match !== 'other') return match
    }
    return isSure ? 'absent' : undefined
  } catch {
    return undefined
  }
}

function compare(name: string, identity: ProcessIdentity): ProcessIdentity | 'other' | 'unsure' {
  const process = `/proc/${name}`
  const status = readEntry(`${process}/status`)
  if (status === 'gone') return 'other'
  if (status === 'hidden') return 'unsure'
  if (innermost(status, 'NStgid') !== identity.pid) return 'other'
  const namespace = readEntryLink(`${process}/ns/pid`)
  if (namespace === 'gone') return 'other'
  if (namespace !== 'hidden' && namespace !== `pid:[${identity.pidNamespace}]`) return 'other'
  const pid = Number(name)
  const tid = identity.tid === identity.pid ? pid : findThread(process, identity.tid)
  if (tid === undefined) return namespace === 'hidden' ? 'unsure' : 'other'
  const stat = readEntry(`${process}/task/${tid}/stat`)
  if (stat === 'gone') return 'other'
  if (stat === 'hidden') return 'unsure'
  // Of two containers started together, the other can have a process with the same pid and age.
  if (parseProcStat(stat)?.start === identity.start)
    return namespace === 'hidden'
      ? 'unsure'
      : { ...identity, pid, tid, pidNamespace: INITIAL_PID_NAMESPACE }
  // In another time namespace, start times are shifted.
  const time = readEntryLink(`${process}/ns/time`)
  return time === 'gone' || time === readEntryLink('/proc/self/ns/time') ? 'other' : 'unsure'
}

function findThread(process: string, tid: number): number | undefined {
  for (const name of fs.readdirSync(`${process}/task`)) {
    const status = readEntry(`${process}/task/${name}/status`)
    if (innermost(status, 'NSpid') === tid) return Number(name)
  }
  return undefined
}

/** Returns the last of a process's pids, one for each of its namespaces; undefined for a process of the initial one. */
function innermost(status: string, field: string): number | undefined {
  const [, ...ids] =
    new RegExp(`^${field}:(.*)$`, 'mu').exec(status)?.[1]?.split('\t').slice(1) ?? []
  return ids.length === 0 ? undefined : Number(ids.at(-1))
}

/** Returns whether this table hides other users' processes (proc(5), `hidepid`). */
function hidesProcesses(): boolean {
  const mounts = fs.readFileSync('/proc/self/mountinfo', 'utf8').split('\n')
  return mounts.some((line) => {
    if (line.split(' ', 5)[4] !== '/proc') return false
    const option = /\bhidepid=(\w+)/u.exec(line)?.[1]
    return option !== undefined && option !== '0' && option !== 'off'
  })
}

function readEntry(path: string): string {
  return attempt(() => fs.readFileSync(path, 'latin1'))
}

function readEntryLink(path: string): string {
  return attempt(() => fs.readlinkSync(path))
}

function attempt(read: () => string): string {
  try {
    return read()
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    return code === 'ENOENT' || code === 'ESRCH' ? 'gone' : 'hidden'
  }
}
