import type { LockMode } from '../../../locks/contract/lock-types.js'
import { parseIdentity, type ProcessIdentity } from '../../../base/process/process-identity.js'

/** The name of a holder's or a waiter's file: all that is needed to judge it. */
export interface OwnerName {
  /** The file name itself. */
  readonly text: string
  readonly mode: LockMode
  readonly id: string
  readonly identity: ProcessIdentity
}

/** The name of a waiter's ticket. Tickets sort by arrival, as text. */
export interface TicketName extends OwnerName {
  /** The waiting flow holds other locks, which the ticket's content lists. */
  readonly holdsOthers: boolean
  /** Monotonic nanoseconds, on the clock of the waiter's kernel. */
  readonly arrival: bigint
}

/**
 * The name of a lock's state file. `new` has not been granted since it was created; `shared` has had sharers, whose
 * files are beside it as long as they hold it.
 */
export interface StateName {
  /** The file name itself. */
  readonly text: string
  readonly kind: 'new' | 'free' | 'held' | 'shared'
  /** Fencing token of the last grant; 0 if there was none. */
  readonly token: bigint
  /** The exclusive holder, if it is held. */
  readonly holder?: OwnerName
}

/** Longer numbers would exceed the length of file names. */
const MAX_DIGITS = 30
const LOCK_ID = /^[\w-]{1,64}$/u

/** Throws unless a lock id can be part of a file name. */
export function assertLockId(id: string): void {
  if (!LOCK_ID.test(id)) {
    throw new TypeError(
      `id must be 1 to 64 letters, digits, "_" or "-", got ${JSON.stringify(id.slice(0, 80))}`,
    )
  }
}

/** Formats the name of a free lock: `free~<token>`. */
export function formatFree(token: bigint): string {
  return `free~${token}`
}

/** Formats the name of an exclusively held lock: `held~<token>~<id>~<identity>`. */
export function formatHeld(token: bigint, id: string, identity: string): string {
  return `held~${token}~${id}~${identity}`
}

/** Formats the name of a lock that has had sharers: `shared~<token>`. */
export function formatShared(token: bigint): string {
  return `shared~${token}`
}

/** Formats the name of a sharer's own file: `sharer~<id>~<identity>`. */
export function formatSharer(id: string, identity: string): string {
  return `sharer~${id}~${identity}`
}

/** Formats the name of a lock that was never granted: `new~<id>`, with an id that is never reused. */
export function formatNew(id: string): string {
  return `new~${id}`
}

/** Parses the token in the name of a free lock; returns `undefined` for any other name. */
export function parseFree(text: string): bigint | undefined {
  return text.startsWith('free~') ? parseNumber(text.slice('free~'.length)) : undefined
}

/** Parses the name of a state file; returns `undefined` for any other. */
export function parseStateName(text: string): StateName | undefined {
  const freeToken = parseFree(text)
  if (freeToken !== undefined) return { text, kind: 'free', token: freeToken }
  const [kind, number = '', id = '', identity, excess] = text.split('~')
  if (kind === 'new') {
    const isNew = number !== '' && id === '' && identity === undefined
    return isNew ? { text, kind, token: 0n } : undefined
  }
  const token = parseNumber(number)
  if (token === undefined || excess !== undefined) return undefined
  if (kind === 'shared') return text === `${kind}~${number}` ? { text, kind, token } : undefined
  if (kind !== 'held') return undefined
  const holder = parseOwner(text, 'exclusive', id, identity)
  return holder && { text, kind, token, holder }
}

/** Parses the name of a sharer's file; returns `undefined` for any other. */
export function parseSharerName(text: string): OwnerName | undefined {
  const [kind, id, identity, excess] = text.split('~')
  if (kind !== 'sharer' || excess !== undefined) return undefined
  return parseOwner(text, 'shared', id, identity)
}

/** Formats a ticket's name: `<nanoseconds, 20 digits>~x~<id>~<identity>`; `s` to share, `xh` if the flow holds others. */
export function formatTicketName(
  arrival: bigint,
  mode: LockMode,
  holdsOthers: boolean,
  id: string,
  identity: string,
): string {
  const letters = (mode === 'exclusive' ? 'x' : 's') + (holdsOthers ? 'h' : '')
  return `${String(arrival).padStart(20, '0')}~${letters}~${id}~${identity}`
}

/** Parses a ticket's name; returns `undefined` for foreign names. */
export function parseTicketName(text: string): TicketName | undefined {
  const [arrival = '', letters, id, identity, excess] = text.split('~')
  if (arrival.length !== 20 || !isDigits(arrival) || excess !== undefined) return undefined
  const holdsOthers = letters === 'xh' || letters === 'sh'
  if (!holdsOthers && letters !== 'x' && letters !== 's') return undefined
  const mode = letters.startsWith('x') ? 'exclusive' : 'shared'
  const owner = parseOwner(text, mode, id, identity)
  return owner && { ...owner, holdsOthers, arrival: BigInt(arrival) }
}

/** The part of a ticket's name shared by processes on one kernel that see the same pids. */
export function kernelOf(ticket: string): string {
  return ticket.slice(ticket.indexOf('.b'), ticket.indexOf('.m'))
}

/** Returns the owner of a directory under `claims`: `<anything>~<id>~<identity>`. */
export function parseClaimOwner(text: string): ProcessIdentity | undefined {
  const [, id, identity = '', excess] = text.split('~')
  return id === undefined || excess !== undefined ? undefined : parseIdentity(identity)
}

/** Parses a token or floor: decimal, without leading zeros. */
export function parseNumber(text: string): bigint | undefined {
  if (text.length > MAX_DIGITS || text.startsWith('0') || !isDigits(text)) return undefined
  return BigInt(text)
}

function parseOwner(text: string, mode: LockMode, id = '', rest = ''): OwnerName | undefined {
  const identity = LOCK_ID.test(id) ? parseIdentity(rest) : undefined
  return identity && { text, mode, id, identity }
}

// Most checks read one name, and the first use of a regular expression costs more than this.
function isDigits(text: string): boolean {
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index)
    if (code < 48 || code > 57) return false
  }
  return text !== ''
}
