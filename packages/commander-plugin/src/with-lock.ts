import { checkWithLock, type LockRule } from '@cli-ops/shared-ipc/command'

import { lifecycleFor } from './lifecycle-for.js'

/**
 * Wraps an action so that it runs under a lock; `this` and the arguments are passed on. While it waits, a line on stderr names the
 * holder. If the lock can't be acquired, the action does not run and the process ends, with 75 if the lock is busy. The return type
 * is dropped, since commander accepts no action that returns a value.
 *
 * @throws TypeError if the lock rule is wrong, or no action is given
 * @example
 * ```ts
 * program.command('sync').action(withLock('task-database', async () => { … }))
 * ```
 */
export function withLock<This, Args extends unknown[], Result>(
  lock: string | LockRule,
  action: (this: This, ...args: Args) => Result,
): (this: This, ...args: Args) => void | Promise<void> {
  checkWithLock(lock, action)
  return function (this: This, ...args: Args) {
    const run = (): void | Promise<void> =>
      Reflect.apply(action, this, args) as void | Promise<void>
    const lifecycle = lifecycleFor({ needsLock: true })
    return lifecycle ? lifecycle.runWithLock(lock, { run, handler: action }) : run()
  }
}
