/** Advisory locks share one space per database: the first of two numbers keeps ours apart from other applications' locks. */
const FIRST = 0x636c6970

const KINDS = ['schema', 'resource', 'flows', 'driver', 'inbox'] as const

/**
 * Returns the first number of an advisory lock, one for each kind: a schema change, a call about a resource, an entry
 * into a queue with a lock in hand, a driver's connection, and its listening connection.
 */
export function classId(kind: (typeof KINDS)[number]): number {
  return FIRST + KINDS.indexOf(kind)
}
