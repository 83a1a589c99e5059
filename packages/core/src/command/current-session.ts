import { processPart } from '../base/process/process-state.js'
import type { Session } from './session.js'

/** Returns this process's session, if a plugin has started one. */
export function currentSession(): Session | undefined {
  return current().session
}

/** Creates this process's session, or returns the existing one: a framework object can be built twice. */
export function ensureSession(create: () => Session): Session {
  return (current().session ??= create())
}

function current(): { session?: Session } {
  return processPart('session', () => ({}))
}
