import type { LockMode } from '../../../locks/lock-types.js'
import { parseIdentity, type ProcessIdentity } from '../../../process/process-identity.js'

/**
 * What the name of an entry file says: all that is needed to judge it. The file's content is only for people,
 * since a power loss may leave the file empty but never half of its name.
 */
export interface EntryName {
  /** The file name itself. */
  readonly text: string
  readonly mode: LockMode
  readonly id: string
  readonly identity: ProcessIdentity
}

/** What the name of a waiter's ticket says. Tickets sort by arrival, as text. */
export interface TicketName extends EntryName {
  /** The waiting flow holds other locks; the ticket's content lists them. */
  readonly holdsOthers: boolean
}

const ENTRY = /^(x|s)~([\w-]{1,64})~(.+)$/u
const TICKET = /^\d{20}~(x|s)(h?)~([\w-]{1,64})~(.+)$/u
const CLAIM = /^(?:x|s|t)~[\w-]{1,64}~(.+)$/u
const LOCK_ID = /^[\w-]{1,64}$/u

/** Throws unless a lock id can be part of a file name. */
export function assertLockId(id: string): void {
  if (!LOCK_ID.test(id)) {
    throw new TypeError(
      `id must be 1 to 64 letters, digits, "_" or "-", got ${JSON.stringify(id.slice(0, 80))}`,
    )
  }
}

/** Writes an entry's name: `x~<id>~<identity>`, or `s~…` for a shared one. */
export function formatEntryName(mode: LockMode, id: string, identity: string): string {
  return `${letterOf(mode)}~${id}~${identity}`
}

/** Reads an entry's name; `undefined` for anything the kit did not write. */
export function parseEntryName(text: string): EntryName | undefined {
  const [, letter, id = '', rest = ''] = ENTRY.exec(text) ?? []
  const identity = parseIdentity(rest)
  if (letter === undefined || identity === undefined) return undefined
  return { text, mode: modeOf(letter), id, identity }
}

/** Writes a ticket's name: `<nanoseconds, 20 digits>~x~<id>~<identity>`; `xh` where the flow holds other locks. */
export function formatTicketName(
  arrival: bigint,
  mode: LockMode,
  holdsOthers: boolean,
  id: string,
  identity: string,
): string {
  const letters = letterOf(mode) + (holdsOthers ? 'h' : '')
  return `${String(arrival).padStart(20, '0')}~${letters}~${id}~${identity}`
}

/** Reads a ticket's name; `undefined` for anything the kit did not write. */
export function parseTicketName(text: string): TicketName | undefined {
  const [, letter, holds, id = '', rest = ''] = TICKET.exec(text) ?? []
  const identity = parseIdentity(rest)
  if (letter === undefined || identity === undefined) return undefined
  return { text, mode: modeOf(letter), id, identity, holdsOthers: holds === 'h' }
}

/** Reads whose directory under `claims` this is. Its name is an entry's, or `t~…` for a first fencing token. */
export function parseClaimOwner(text: string): ProcessIdentity | undefined {
  return parseIdentity(CLAIM.exec(text)?.[1] ?? '')
}

function letterOf(mode: LockMode): string {
  return mode === 'exclusive' ? 'x' : 's'
}

function modeOf(letter: string): LockMode {
  return letter === 'x' ? 'exclusive' : 'shared'
}
