import { ownProcess } from '../../base/process/own-process.js'
import { processPart } from '../../base/process/process-state.js'

/** Makes the id of one grant: the process's random instance and a count, so no id is ever used twice. */
export function nextLockId(): string {
  const granted = processPart('granted', () => ({ count: 0 }))
  granted.count += 1
  return `${ownProcess().instance}-${granted.count.toString(36)}`
}

/** Reads from the id of a grant which process, or thread of one, has made it. */
export function instanceOf(id: string): string {
  return id.slice(0, id.lastIndexOf('-'))
}
