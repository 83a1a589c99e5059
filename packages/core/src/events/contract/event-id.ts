import { ownProcess } from '../../base/process/own-process.js'
import { processPart } from '../../base/process/process-state.js'

/** Creates a unique event id from the process (or thread) and a count of its events. */
export function nextEventId(): string {
  const emitted = processPart('emitted', () => ({ count: 0 }))
  emitted.count += 1
  return `${ownProcess().instance}-${emitted.count}`
}
