import { say } from '../base/terminal/message.js'
import { isCliOpsError } from '../base/errors/cli-ops-error.js'
import { exitCodeOf } from './host/exit-codes.js'
import { endWith } from './host/exit-observer.js'
import type { Refusal, RefusalReport } from './refusal.js'

/**
 * Ends the process of a command that may not run: one line on stderr and the exit code, past the host's own error handling,
 * since it is no error of the host. Its `exit` listeners run.
 */
export function endRefused(refusal: Refusal, report: RefusalReport = {}): never {
  const exitCode = tellRefusal(refusal, report)
  endWith(exitCode)
}

/** Tells why a command does not run, and returns the exit code that says so. */
function tellRefusal({ reason, error }: Refusal, { json = false }: RefusalReport = {}): number {
  if (reason === 'skipped') {
    say(`${isCliOpsError(error, 'RUN_JOINED') ? 'joined' : 'skipped'}: ${error.message}`)
    return 0
  }
  const exitCode = exitCodeOf(error)
  const isJoined = isCliOpsError(error, 'RUN_JOINED')
  say(isJoined ? `joined: ${error.message}` : error.message)
  // What a run has to say, the one that ran has said.
  if (json && !isJoined) writeJson(error, exitCode)
  return exitCode
}

function writeJson(error: Error, exitCode: number): void {
  const { name, message } = error
  const code = isCliOpsError(error) ? { code: error.code } : {}
  const text = JSON.stringify(
    { error: { name, message, ...code, oclif: { exit: exitCode } } },
    null,
    2,
  )
  try {
    // A pipe may take only a part of what an asynchronous write is given before the process ends.
    process.getBuiltinModule('node:fs').writeSync(1, `${text}\n`)
  } catch {
    // Nobody reads it; the exit code says the same.
  }
}
