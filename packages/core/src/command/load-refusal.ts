import { CliOpsError } from '../base/errors/cli-ops-error.js'
import { say } from '../base/terminal/message.js'
import { EXIT_UNAVAILABLE } from './host/exit-codes.js'
import { endWith } from './host/exit-observer.js'
import { loadParts } from './lazy.js'
import type * as Parts from './parts.js'

/**
 * Loads what makes a refusal and ends a command by it. Where it cannot be loaded, since the program has replaced `fs` (mock-fs, memfs),
 * a command that was to be refused, or needs a lock, is refused all the same.
 */
export function loadRefusal(): Pick<typeof Parts, 'refusalOf' | 'endRefused'> {
  try {
    return loadParts()
  } catch (error) {
    return {
      refusalOf: () => ({ reason: 'refused', error: unloadableError(error) }),
      endRefused(refusal) {
        say(refusal.error.message)
        endWith(EXIT_UNAVAILABLE)
      },
    }
  }
}

function unloadableError(cause: unknown): CliOpsError {
  const reason = cause instanceof Error ? cause.message.split('\n', 1)[0] : String(cause)
  const message = `cannot lock: a file of the kit can't be loaded; has the program replaced node:fs? (${reason})`
  return new CliOpsError('STORAGE_FAILED', message, { cause })
}
