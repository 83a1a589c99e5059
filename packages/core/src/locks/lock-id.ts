import { ownProcess } from '../process/own-process.js'

// Two copies of the kit in one process share the instance, so they must share the count too.
const KEY = Symbol.for('cli-ops.lock-count')
type Global = typeof globalThis & { [KEY]?: number }

/** Makes the id of one grant: the process's random instance and a count, so no id is ever used twice. */
export function nextLockId(): string {
  const count = ((globalThis as Global)[KEY] ?? 0) + 1
  ;(globalThis as Global)[KEY] = count
  return `${ownProcess().instance}-${count.toString(36)}`
}
