import { ownProcess } from '../../base/process/own-process.js'
import { processPart } from '../../base/process/process-state.js'

/** Begins the count of a lock that a companion keeps. No count begins with it. */
const KEPT = 'K'

/** Makes the id of one grant: the process's random instance and a count, so no id is ever used twice. */
export function nextLockId(): string {
  const granted = idsOfProcess()
  granted.count += 1
  return `${ownProcess().instance}-${granted.mark}${granted.count.toString(36)}`
}

/** Marks the locks of this process, a companion: its host holds them during a command or a handler. */
export function markKeptLocks(): void {
  idsOfProcess().mark = KEPT
}

/** Tells whether a companion keeps a lock. */
export function isKeptLock(id: string): boolean {
  return id.startsWith(KEPT, id.lastIndexOf('-') + 1)
}

/** Reads from the id of a grant which process, or thread of one, has made it. */
export function instanceOf(id: string): string {
  return id.slice(0, id.lastIndexOf('-'))
}

function idsOfProcess(): { count: number; mark: string } {
  return processPart('granted', () => ({ count: 0, mark: '' }))
}
