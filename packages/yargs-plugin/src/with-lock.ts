import {
  checkLockRule,
  type LockRule,
  runWithLock,
  sayRefusal,
} from '@cli-ops/shared-ipc/lifecycle'

/** The part of a yargs command module that is wrapped. */
interface WithHandler {
  readonly handler: (...args: never[]) => unknown
}

/**
 * Wraps a handler, or the handler of a command module, so that it runs under a lock. Who waits is shown on stderr who
 * holds the lock; when it is not to be had, the handler does not run and the exit code is 75.
 *
 * @throws TypeError when the lock rule is wrong
 * @example
 * ```ts
 * yargs().command('sync', 'synchronise', {}, withLock('items', async (argv) => { … }))
 * yargs().command(withLock('items', { command: 'sync', handler: async (argv) => { … } }))
 * ```
 */
export function withLock<Module extends WithHandler>(
  lock: string | LockRule,
  module: Module,
): Module
export function withLock<Args extends unknown[], Result>(
  lock: string | LockRule,
  handler: (...args: Args) => Result,
): (...args: Args) => Result | Promise<Awaited<Result>>
export function withLock(
  lock: string | LockRule,
  wrapped: WithHandler | ((...args: unknown[]) => unknown),
): WithHandler | ((...args: unknown[]) => unknown) {
  checkLockRule('lock', lock)
  if (typeof wrapped === 'function') return lockHandler(lock, wrapped)
  // The module's own prototype and accessors are kept: commandDir hands over whole module objects.
  const handler = wrapped.handler as (...args: unknown[]) => unknown
  return Object.create(wrapped, {
    handler: {
      enumerable: true,
      value: lockHandler(lock, (...args) => Reflect.apply(handler, wrapped, args)),
    },
  }) as WithHandler
}

function lockHandler(
  lock: string | LockRule,
  handler: (...args: unknown[]) => unknown,
): (...args: unknown[]) => unknown {
  return function (this: unknown, ...args) {
    // yargs ignores what a handler returns, so a refused one may return nothing.
    return runWithLock<unknown>(lock, () => Reflect.apply(handler, this, args), sayRefusal)
  }
}
