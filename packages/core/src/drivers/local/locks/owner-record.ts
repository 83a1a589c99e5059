import type { LockMode, Owner } from '../../../locks/contract/lock-types.js'
import type { Liveness } from '../../../base/process/liveness.js'
import { pidHere } from '../../../base/process/pid-here.js'
import { ownProcess, userOfEnvironment } from '../../../base/process/own-process.js'
import type { ProcessIdentity } from '../../../base/process/process-identity.js'

/** The content of a holder's file or a ticket, for people. Every member may be missing: see `docs/reference/lock-protocol.md`. */
export interface OwnerRecord {
  readonly resource?: string
  readonly name?: string
  readonly host?: string
  readonly user?: string
  readonly command?: string
  /** Of a process of another machine, for which this one has the lock; with `via`. */
  readonly pid?: number
  readonly via?: string
  /** Milliseconds since the epoch. */
  readonly startedAt?: number
  /** When the lock was granted or the wait began, in milliseconds since the epoch. */
  readonly since?: number
  readonly token?: bigint
  /** What the lock is for. */
  readonly label?: string
  /** The holder is a flow that holds the lock to its end. */
  readonly inFlow: boolean
  /** Ids of the locks that the waiting flow holds. */
  readonly held: readonly string[]
}

/** What of a record changes from lock to lock; the rest describes the process. */
export interface RecordFacts {
  readonly id: string
  readonly resource: string
  readonly mode: LockMode
  readonly since: number
  readonly token?: bigint
  readonly inFlow?: boolean | undefined
  readonly label?: string | undefined
  readonly held: readonly string[]
  /** Who is shown, where that is not this process. */
  readonly owner?: Owner | undefined
}

/** Writes the content of a holder's file or a ticket of this process. */
export function formatOwnerRecord({
  id,
  resource,
  mode,
  since,
  token,
  inFlow,
  label,
  held,
  owner,
}: RecordFacts): string {
  const { name, host, command, startedAt } = owner ?? ownProcess()
  const record = {
    id,
    resource,
    mode,
    name,
    host,
    // Else left to the reader: a home belongs to one user.
    user: owner === undefined ? userOfEnvironment() : owner.user,
    command,
    pid: owner?.pid,
    via: owner?.via,
    startedAt: startedAt.getTime(),
    since,
    // Beyond what a JSON number holds exactly.
    token: token === undefined ? undefined : String(token),
    inFlow,
    label,
    held,
  }
  // Behind the line there may be the rest of a longer one.
  return `${JSON.stringify(record)}\n`
}

/**
 * Reads what the owner with this id has written, also where that is empty or torn: members that are not as they should be
 * are left out. A state file changes hands before it is written to, so what another owner wrote says nothing.
 */
export function parseOwnerRecord(content: string | undefined, id: string): OwnerRecord {
  const written = parseObject(content ?? '')
  const record: ReadonlyMap<string, unknown> = written.get('id') === id ? written : new Map()
  const text = (key: string): string | undefined => {
    const value = record.get(key)
    return typeof value === 'string' && value !== '' ? value : undefined
  }
  const time = (key: string): number | undefined => {
    const value = record.get(key)
    return typeof value === 'number' && Number.isFinite(new Date(value).getTime())
      ? value
      : undefined
  }
  const [resource, name, host, user] = [text('resource'), text('name'), text('host'), text('user')]
  const [command, token, via, label] = ['command', 'token', 'via', 'label'].map(text)
  const pid = record.get('pid')
  const [startedAt, since, held] = [time('startedAt'), time('since'), record.get('held')]
  return {
    ...(resource !== undefined && { resource }),
    ...(name !== undefined && { name }),
    ...(host !== undefined && { host }),
    ...(user !== undefined && { user }),
    ...(command !== undefined && { command }),
    ...(via !== undefined && { via }),
    ...(typeof pid === 'number' && Number.isSafeInteger(pid) && pid >= 0 && { pid }),
    ...(startedAt !== undefined && { startedAt }),
    ...(since !== undefined && { since }),
    ...(token !== undefined && /^\d{1,100}$/u.test(token) && { token: BigInt(token) }),
    ...(label !== undefined && { label }),
    inFlow: record.get('inFlow') === true,
    held: Array.isArray(held) ? held.filter((id) => typeof id === 'string') : [],
  }
}

/** Puts together what the name proves and what the content says. */
export function toOwner(identity: ProcessIdentity, record: OwnerRecord, state: Liveness): Owner {
  const { name = 'unknown program', host = '', command, startedAt = 0, via } = record
  // A home belongs to one user. Who stands in for another machine's process says whose it is.
  const isOurs = record.name !== undefined && via === undefined
  const user = record.user ?? (isOurs ? ownProcess().user : '')
  return {
    name,
    // Only what stands in for another machine's process says a pid of its own.
    pid: via === undefined ? pidHere(identity) : (record.pid ?? 0),
    host,
    user,
    ...(command !== undefined && { command }),
    startedAt: new Date(startedAt),
    state,
    ...(via !== undefined && { via }),
  }
}

function parseObject(content: string): ReadonlyMap<string, unknown> {
  try {
    const value: unknown = JSON.parse(content.split('\n', 1)[0] ?? '')
    return new Map(typeof value === 'object' && value !== null ? Object.entries(value) : [])
  } catch {
    return new Map()
  }
}
