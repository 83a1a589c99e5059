import { say } from '../base/terminal/message.js'
import { type CliOpsError, isCliOpsError } from '../base/errors/cli-ops-error.js'
import type { Owner } from '../locks/contract/lock-types.js'
import { exitCodeOf } from './host/exit-code-of.js'
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
  const isJoined = isCliOpsError(error, 'RUN_JOINED')
  const isSkipped = reason === 'skipped'
  const exitCode = isSkipped ? 0 : exitCodeOf(error)
  const what = isJoined ? 'joined' : isSkipped ? 'skipped' : 'error'
  say(what === 'error' ? error.message : `${what}: ${error.message}`)
  if (json) writeJson(what, error, exitCode)
  return exitCode
}

/** As a caller reads stdout: what there is to say is one member, named after what has become of the command. */
function writeJson(what: 'joined' | 'skipped' | 'error', error: Error, exitCode: number): void {
  const { name, message } = error
  const facts = isCliOpsError(error)
    ? { code: error.code, retryable: error.retryable, details: factsOf(error) }
    : {}
  const told = { name, message, ...facts, oclif: { exit: exitCode } }
  const text = JSON.stringify({ [what]: told }, null, 2)
  try {
    // A pipe can accept only part of an asynchronous write before the process ends.
    process.getBuiltinModule('node:fs').writeSync(1, `${text}\n`)
  } catch {
    // The reader has gone; the exit code says the same.
  }
}

/** What a script asks for, and nothing that may hold an argument or a secret. */
function factsOf({ details = {} }: CliOpsError): object {
  const { resource, since, timeoutMs, exitCode, owner } = details
  const { name, pid, host } = (owner ?? {}) as Partial<Owner>
  const holder = owner === undefined ? undefined : { name, pid, host }
  return { resource, owner: holder, since, timeoutMs, exitCode }
}
