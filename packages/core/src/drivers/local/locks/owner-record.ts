import type { LockMode, Owner } from '../../../locks/contract/lock-types.js'
import type { Liveness } from '../../../base/process/liveness.js'
import { pidHere } from '../../../base/process/pid-here.js'
import { ownProcess, userOfEnvironment } from '../../../base/process/own-process.js'
import type { ProcessIdentity } from '../../../base/process/process-identity.js'

/** The content of a holder's file or a ticket, for people. Any member can be missing: see `docs/reference/lock-protocol.md`. */
export interface OwnerRecord {
  readonly resource?: string
  readonly name?: string
  readonly host?: string
  readonly user?: string
  readonly command?: string
  /** The pid of a process on another machine for which this one has the lock; with `via`. */
  readonly pid?: number
  readonly via?: string
  /** Milliseconds since the epoch. */
  readonly startedAt?: number
  /** When the lock was granted or the wait began, in milliseconds since the epoch. */
  readonly since?: number
  readonly token?: bigint
  /** The purpose of the lock. */
  readonly label?: string
  /** True if the holder is a flow that holds the lock until it ends. */
  readonly inFlow: boolean
  /** Ids of the locks that the waiting flow holds. */
  readonly held: readonly string[]
  /** Pids of the processes that (very likely) wait for the waiter to end, in its pid namespace. */
  readonly ancestors: readonly number[]
}

/** The members of a record that vary from lock to lock; the rest describes the process. */
export interface RecordFacts {
  readonly id: string
  readonly resource: string
  readonly mode: LockMode
  readonly since: number
  readonly token?: bigint
  readonly inFlow?: boolean | undefined
  readonly label?: string | undefined
  readonly held: readonly string[]
  readonly ancestors?: readonly number[] | undefined
  /** The owner to show, if not this process. */
  readonly owner?: Owner | undefined
}

/** Formats the content of this process's holder file or ticket. */
export function formatOwnerRecord({
  id,
  resource,
  mode,
  since,
  token,
  inFlow,
  label,
  held,
  ancestors,
  owner,
}: RecordFacts): string {
  const { name, host, command, startedAt } = owner ?? ownProcess()
  const record = {
    id,
    resource,
    mode,
    name,
    host,
    // Otherwise the reader fills it in: a home belongs to one user.
    user: owner === undefined ? userOfEnvironment() : owner.user,
    command,
    pid: owner?.pid,
    via: owner?.via,
    startedAt: startedAt.getTime(),
    since,
    // Exceeds what a JSON number holds exactly.
    token: token === undefined ? undefined : String(token),
    inFlow,
    label,
    held,
    ancestors,
  }
  // The rest of a longer line can follow.
  return `${JSON.stringify(record)}\n`
}

/**
 * Parses the record of the owner with this id, even if it is empty or torn: malformed members are left out. A state file
 * changes hands before its content is written, so another owner's content is ignored.
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
  const [startedAt, since] = [time('startedAt'), time('since')]
  const [held, ancestors] = [record.get('held'), record.get('ancestors')]
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
    ancestors: Array.isArray(ancestors) ? ancestors.filter(Number.isSafeInteger) : [],
  }
}

/** Combines what the name proves with what the content says. */
export function toOwner(identity: ProcessIdentity, record: OwnerRecord, state: Liveness): Owner {
  const { name = 'unknown program', host = '', command, startedAt = 0, via } = record
  // A home belongs to one user. A process that stands in for another machine's names the user itself.
  const isOurs = record.name !== undefined && via === undefined
  const user = record.user ?? (isOurs ? ownProcess().user : '')
  return {
    name,
    // Only a process that stands in for another machine's gives its own pid.
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
