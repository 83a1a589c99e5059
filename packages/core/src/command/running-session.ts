import type { CommandRun } from './command-run.js'
import { coordination } from './coordination.js'
import { Session } from './session.js'
import type { UsualRun } from './usual-run.js'

/** Returns this process's session, if a plugin has started one; it takes over a usual command. */
export function currentSession(): Session | undefined {
  const { session, usual } = coordination()
  if (session !== undefined || usual === undefined) return session
  takeOver(usual)
  return coordination().session
}

/** Continues a usual command that turns out to need more. */
export function takeOver(usual: UsualRun): CommandRun {
  const current = coordination()
  const session = new Session(usual.command.host.program, usual.command.options, usual)
  const run = session.takeOver(usual)
  delete current.usual
  current.session = session
  return run
}

/** Creates this process's session, or returns the existing one: a framework object can be built twice. */
export function ensureSession(create: () => Session): Session {
  return currentSession() ?? (coordination().session = create())
}
