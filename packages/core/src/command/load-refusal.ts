import { CliOpsError } from '../base/errors/cli-ops-error.js'
import { errorText } from '../base/errors/error-text.js'
import { say } from '../base/terminal/message.js'
import { EXIT_UNAVAILABLE } from '../base/errors/exit-codes.js'
import { endWith } from './host/exit-observer.js'
import { loadParts } from './lazy.js'
import type * as Parts from './parts.js'

/**
 * Loads the code that makes a refusal and ends a command by it. If it cannot be loaded because the program has replaced `fs` (mock-fs,
 * memfs), a command that would be refused, or needs a lock, is refused anyway.
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
  const { code } = cause as NodeJS.ErrnoException
  const isAbsent = code === 'ENOENT' || code === 'MODULE_NOT_FOUND'
  const hint = isAbsent ? '; has the program replaced node:fs?' : ''
  const reason = errorText(cause).split('\n', 1)[0]
  const message = `cannot lock: a file of the kit can't be loaded${hint} (${reason})`
  return new CliOpsError('STORAGE_FAILED', message, { cause })
}
