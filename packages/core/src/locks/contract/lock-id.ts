import { ownProcess } from '../../base/process/own-process.js'
import { processPart } from '../../base/process/process-state.js'

/** Prefix of the count if a companion keeps the lock. No plain count begins with it. */
const KEPT = 'K'

/** Creates the id of one grant from the process's random instance and a count, so no id is ever used twice. */
export function nextLockId(): string {
  const granted = idsOfProcess()
  granted.count += 1
  return `${ownProcess().instance}-${granted.mark}${granted.count.toString(36)}`
}

/** Marks the locks of this process as a companion's: its host holds them during a command or a handler. */
export function markKeptLocks(): void {
  idsOfProcess().mark = KEPT
}

/** Returns whether a companion keeps this lock. */
export function isKeptLock(id: string): boolean {
  return id.startsWith(KEPT, id.lastIndexOf('-') + 1)
}

/** Returns the process or thread that made a grant, from the grant's id. */
export function instanceOf(id: string): string {
  return id.slice(0, id.lastIndexOf('-'))
}

function idsOfProcess(): { count: number; mark: string } {
  return processPart('granted', () => ({ count: 0, mark: '' }))
}
