import { checkLockRule, type LockRule, runWithLock } from '@cli-ops/shared-ipc/command'

import { type CommandInstance, wrapCommand } from './command-class.js'

/** Any command class. */
type AnyClass = abstract new (...args: never[]) => unknown

/**
 * Runs a command class under a lock, from its `init()` to its `finally()`: `withLock('projects')(Sync)`, or
 * `@withLock('projects')` as a standard or a legacy decorator. The class itself stays the same. While it waits, a line on stderr
 * names the holder. If the lock can't be acquired, nothing of the command runs and the process ends, with 75 if the lock is
 * busy; under `--json` the error is JSON on stdout.
 *
 * @throws TypeError if the lock rule is wrong, or the wrapped value is not a command class
 */
export function withLock(
  lock: string | LockRule,
): <Class extends AnyClass>(command: Class, context?: unknown) => Class {
  checkLockRule('lock', lock)
  return (command) => {
    const { prototype } = command as { readonly prototype?: Partial<CommandInstance> }
    const unwrap =
      prototype &&
      wrapCommand({ prototype }, async function (run) {
        return runWithLock(lock, { run, isAwaited: true, json: this.jsonEnabled?.() === true })
      })
    if (unwrap === undefined) throw new TypeError('withLock(…) must be given a command class')
    return command
  }
}
