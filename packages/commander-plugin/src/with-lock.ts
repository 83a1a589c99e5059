import { checkLockRule, type LockRule } from '@cli-ops/shared-ipc/lifecycle'

import { loadLifecycle } from './load-files.js'

/**
 * Wraps an action so that it runs under a lock; `this` and the arguments are passed on. Who waits is shown on stderr
 * who holds the lock; when it is not to be had, the action does not run and the exit code is 75. What the action
 * returns is typed away, since commander takes no action that returns a value.
 *
 * @throws TypeError when the lock rule is wrong
 * @example
 * ```ts
 * program.command('sync').action(withLock('task-database', async () => { … }))
 * ```
 */
export function withLock<This, Args extends unknown[], Result>(
  lock: string | LockRule,
  action: (this: This, ...args: Args) => Result,
): (this: This, ...args: Args) => void | Promise<void> {
  checkLockRule('lock', lock)
  return function (this: This, ...args: Args) {
    const run = (): void | Promise<void> =>
      Reflect.apply(action, this, args) as void | Promise<void>
    const { runWithLock, sayRefusal } = loadLifecycle()
    return runWithLock(lock, run, sayRefusal)
  }
}
