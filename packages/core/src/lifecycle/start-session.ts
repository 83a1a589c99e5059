import type { CliOpsOptions } from './cli-ops-options.js'
import { ensureSession } from './current-session.js'
import { type Program, Session } from './session.js'

/** Starts the plugin's part in this process, or returns what a first call has started. */
export function startSession(program: Program, options: CliOpsOptions): Session {
  return ensureSession(() => {
    const session = new Session(program, options)
    session.start()
    return session
  })
}
