import { assertName } from '../../base/names/assert-name.js'

/** Never part of a user's name: see `assertName`. */
const SEPARATOR = '\u001f'
/** A longer list of slots is replaced by its hash. */
const MAX_KEY = 64

/** The role of a lock that belongs to a resource: one of its slots, a door for waiters, or a waiter's mark. */
export interface SlotPart {
  readonly resource: string
  readonly kind: 'slot' | 'door' | 'mark'
  /** Undefined for other kinds. */
  readonly slot: string | undefined
}

/** Returns the name of the lock of one slot. */
export function slotName(resource: string, slot: string): string {
  return resource + SEPARATOR + slot
}

/** Returns the name of the door for waiters that want the same slots of a resource, in any order. */
export function doorName(resource: string, slots: readonly string[]): string {
  const key = [...slots].sort().join()
  return resource + SEPARATOR + SEPARATOR + (key.length > MAX_KEY ? hash(key) : key)
}

/** Returns the name of the lock that a resource's latest waiter holds while it waits. */
export function latestName(resource: string): string {
  return `${resource}${SEPARATOR.repeat(3)}latest`
}

/** Returns the name of the shared lock by which runs under a resource say that they can be asked to end. */
export function runMarkName(resource: string): string {
  return `${resource}${SEPARATOR.repeat(3)}run`
}

/** Returns the name of the shared lock by which others say that they wait for the end of a run under a resource. */
export function joinMarkName(resource: string): string {
  return `${resource}${SEPARATOR.repeat(3)}join`
}

/** Returns the resource whose run a mark's owner has joined; `undefined` for any other lock. */
export function joinedBy(mark: string): string | undefined {
  const suffix = joinMarkName('')
  return mark.endsWith(suffix) ? mark.slice(0, -suffix.length) : undefined
}

/** Returns the prefix of the names of all slots and doors of a resource. */
export function slotPrefix(resource: string): string {
  return resource + SEPARATOR
}

/** Parses the name of a slot, door or mark; `undefined` for every other lock. */
export function parseSlotName(name: string): SlotPart | undefined {
  const at = name.indexOf(SEPARATOR)
  if (at < 0) return undefined
  const rest = name.slice(at + 1)
  const kinds = ['slot', 'door', 'mark'] as const
  const kind = kinds[depthOf(rest)] ?? 'slot'
  return { resource: name.slice(0, at), kind, slot: kind === 'slot' ? rest : undefined }
}

/** Throws a `TypeError` unless the value names a resource, a slot, a door or a mark. */
export function assertLockName(argument: string, value: unknown): asserts value is string {
  const part = typeof value === 'string' ? parseSlotName(value) : undefined
  if (part === undefined) {
    assertName(argument, value)
    return
  }
  const rest = (value as string).slice(part.resource.length + SEPARATOR.length)
  assertName(argument, part.resource)
  assertName(argument, rest.slice(depthOf(rest)))
}

/** Replaces the names of slot locks in a message by names for people. */
export function withoutSlotNames(message: string): string {
  return message
    .replaceAll('\\u001f', SEPARATOR)
    .replaceAll(/"(?:[^"\\]|\\.)*"/gu, (quoted) => {
      const part = parseSlotName(quoted.slice(1, -1))
      if (part === undefined) return quoted
      const { resource, slot } = part
      return slot === undefined ? `"${resource}"` : `slot "${slot}" of "${resource}"`
    })
    .replaceAll(SEPARATOR, ' ')
}

/** Counts the leading separators, up to two. */
function depthOf(rest: string): number {
  if (!rest.startsWith(SEPARATOR)) return 0
  return rest.startsWith(SEPARATOR, 1) ? 2 : 1
}

function hash(text: string): string {
  const { createHash } = process.getBuiltinModule('node:crypto')
  return createHash('sha256').update(text).digest('hex').slice(0, 32)
}
