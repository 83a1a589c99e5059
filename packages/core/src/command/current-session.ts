import { processPart } from '../base/process/process-state.js'
import type { Session } from './session.js'

/** The session of this process, where a plugin has started one. */
export function currentSession(): Session | undefined {
  return current().session
}

/** Makes the session of this process, or returns the one there is: a framework object may be built twice. */
export function ensureSession(create: () => Session): Session {
  return (current().session ??= create())
}

function current(): { session?: Session } {
  return processPart('session', () => ({}))
}
