import { processPart } from '../base/process/process-state.js'

/** Leaves word that another process keeps this one's record on an engine, which only its instance tells as its own. */
export function noteKeptRecord(): void {
  noted().isKept = true
}

/** Tells whether another process keeps a record for this one. */
export function hasKeptRecord(): boolean {
  return noted().isKept
}

function noted(): { isKept: boolean } {
  return processPart('kept-record', () => ({ isKept: false }))
}
