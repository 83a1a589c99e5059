import { processPart } from '../base/process/process-state.js'
import type { Session } from './session.js'
import type { UsualRun } from './usual-run.js'

/** What coordinates this process: a usual command at first, and a session as soon as more is needed. */
export interface Coordination {
  session?: Session
  usual?: UsualRun
}

/** Returns what coordinates this process, in whichever copy of the kit: a framework object can be built twice. */
export function coordination(): Coordination {
  return processPart('session', () => ({}))
}

/** Returns whether a command of this process has begun. */
export function hasCommandBegun(): boolean {
  const { session, usual } = coordination()
  return usual !== undefined || session?.current !== undefined
}
