import { type LockRule, runWithLock } from '@cli-ops/shared-ipc/command'

import { type CommandInstance, wrapCommand } from './command-class.js'

/** Any command class. */
type AnyClass = abstract new (...args: never[]) => unknown

/**
 * Makes a command class run under a lock, from its `init()` to its `finally()`: `withLock('projects')(Sync)`, or
 * `@withLock('projects')` as a standard or a legacy decorator. The class itself stays the same. While it waits, a line on stderr
 * names the holder. If it cannot be acquired, nothing of the command runs and the process ends, with 75 where the lock is busy;
 * under `--json` the error is JSON on stdout. With a wrong lock rule the command is refused with 78: oclif would take a
 * module that throws for a command that it does not have.
 *
 * @throws TypeError when the wrapped value is not a command class
 */
export function withLock(
  lock: string | LockRule,
): <Class extends AnyClass>(command: Class, context?: unknown) => Class {
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
