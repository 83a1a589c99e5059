import { assertName } from '../../base/names/assert-name.js'

/** No name that a user gives has it: see `assertName`. */
const SEPARATOR = '\u001f'
/** A longer list of slots is told apart by its hash. */
const MAX_KEY = 64

/** What a lock is that belongs to a resource: one of its slots, a door of those who want some, or a mark of those who wait. */
export interface SlotPart {
  readonly resource: string
  readonly kind: 'slot' | 'door' | 'mark'
  /** Undefined where it is none. */
  readonly slot: string | undefined
}

/** Names the lock of one slot of a resource. */
export function slotName(resource: string, slot: string): string {
  return resource + SEPARATOR + slot
}

/** Names the door of those who want the same slots of a resource, in whatever order they name them. */
export function doorName(resource: string, slots: readonly string[]): string {
  const key = [...slots].sort().join()
  return resource + SEPARATOR + SEPARATOR + (key.length > MAX_KEY ? hash(key) : key)
}

/** Names the lock that the latest of those who wait for a resource holds meanwhile. */
export function latestName(resource: string): string {
  return `${resource}${SEPARATOR.repeat(3)}latest`
}

/** Names the lock by which those who run under a resource say that they may be asked to end. They share it. */
export function runMarkName(resource: string): string {
  return `${resource}${SEPARATOR.repeat(3)}run`
}

/** What the names of all slots and doors of a resource begin with. */
export function slotPrefix(resource: string): string {
  return resource + SEPARATOR
}

/** Reads the name of a slot's lock or of a door; `undefined` for every other lock. */
export function parseSlotName(name: string): SlotPart | undefined {
  const at = name.indexOf(SEPARATOR)
  if (at < 0) return undefined
  const rest = name.slice(at + 1)
  const kinds = ['slot', 'door', 'mark'] as const
  const kind = kinds[depthOf(rest)] ?? 'slot'
  return { resource: name.slice(0, at), kind, slot: kind === 'slot' ? rest : undefined }
}

/** Throws a `TypeError` unless a value names a resource, a slot's lock or a door. */
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

/** Puts what a person calls it in the place of a slot's lock, in a message that names locks. */
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

/** With how many further separators it begins, up to two. */
function depthOf(rest: string): number {
  if (!rest.startsWith(SEPARATOR)) return 0
  return rest.startsWith(SEPARATOR, 1) ? 2 : 1
}

function hash(text: string): string {
  const { createHash } = process.getBuiltinModule('node:crypto')
  return createHash('sha256').update(text).digest('hex').slice(0, 32)
}
