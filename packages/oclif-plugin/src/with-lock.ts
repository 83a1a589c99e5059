import { checkLockRule, type LockRule, runWithLock } from '@cli-ops/shared-ipc/lifecycle'

import { wrapRun } from './command-class.js'
import { refuse } from './refuse.js'

/** Any command class. */
type AnyClass = abstract new (...args: never[]) => unknown

/**
 * Makes a command class run under a lock: `withLock('projects')(Sync)`, or `@withLock('projects')` as a standard or a legacy
 * decorator. It is the same class afterwards. Who waits is shown on stderr who holds the lock; when it is not to
 * be had, `run` is not called and the exit code is 75, also under `--json`, where the error is JSON.
 *
 * @throws TypeError when the lock rule is wrong
 */
export function withLock(
  lock: string | LockRule,
): <Class extends AnyClass>(command: Class, context?: unknown) => Class {
  checkLockRule('lock', lock)
  return (command) => {
    wrapRun(command, async function (original) {
      return runWithLock<unknown>(lock, original, (refusal) => refuse(this, refusal))
    })
    return command
  }
}
