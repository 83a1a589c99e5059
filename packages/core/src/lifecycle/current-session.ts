import type { Session } from './session.js'

/** Two copies of the kit in one process, a CLI's and a plugin's, must find the same session. */
const KEY = Symbol.for('cli-ops.session')
type Global = typeof globalThis & { [KEY]?: Session }

/** The session of this process, where a plugin has started one. */
export function currentSession(): Session | undefined {
  return (globalThis as Global)[KEY]
}

/** Makes the session of this process, or returns the one there is: a framework object may be built twice. */
export function ensureSession(create: () => Session): Session {
  const existing = currentSession()
  if (existing !== undefined) return existing
  const session = create()
  ;(globalThis as Global)[KEY] = session
  return session
}
