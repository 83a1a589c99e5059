import { say } from '../base/terminal/message.js'
import { isCliOpsError } from '../base/errors/cli-ops-error.js'
import { exitCodeOf } from './host/exit-codes.js'
import { endWith } from './host/exit-observer.js'
import type { Refusal, RefusalReport } from './refusal.js'

/**
 * Ends the process of a refused command with one line on stderr and the exit code. It bypasses the host's error handling,
 * since this is not an error of the host. `exit` listeners run.
 */
export function endRefused(refusal: Refusal, report: RefusalReport = {}): never {
  const exitCode = tellRefusal(refusal, report)
  endWith(exitCode)
}

/** Reports why a command does not run, and returns the matching exit code. */
function tellRefusal({ reason, error }: Refusal, { json = false }: RefusalReport = {}): number {
  if (reason === 'skipped') {
    say(`${isCliOpsError(error, 'RUN_JOINED') ? 'joined' : 'skipped'}: ${error.message}`)
    return 0
  }
  const exitCode = exitCodeOf(error)
  const isJoined = isCliOpsError(error, 'RUN_JOINED')
  say(isJoined ? `joined: ${error.message}` : error.message)
  // The joined run has already printed its own result.
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
    // A pipe can accept only part of an asynchronous write before the process ends.
    process.getBuiltinModule('node:fs').writeSync(1, `${text}\n`)
  } catch {
    // The reader has gone; the exit code says the same.
  }
}
