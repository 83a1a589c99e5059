import { ownProcess } from '../process/own-process.js'

// Several copies of the kit in one process share the instance, so they have to share the counter too.
const KEY = Symbol.for('cli-ops.event-count')
type Global = typeof globalThis & { [KEY]?: number }

/** Makes an id that no other event has: the process (or thread), and a count of its events. */
export function nextEventId(): string {
  const scope = globalThis as Global
  scope[KEY] = (scope[KEY] ?? 0) + 1
  return `${ownProcess().instance}-${scope[KEY]}`
}
