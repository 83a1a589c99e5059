/** Advisory locks are one space for a whole database: the first of two numbers keeps ours apart from those of others. */
const FIRST = 0x636c6970

const KINDS = ['schema', 'resource', 'flows', 'driver', 'inbox'] as const

/**
 * The first number of an advisory lock: of a change of the schema, a call about a resource, an entry into a queue with a lock in hand, the
 * connection of a driver, one on which it hears.
 */
export function classId(kind: (typeof KINDS)[number]): number {
  return FIRST + KINDS.indexOf(kind)
}
