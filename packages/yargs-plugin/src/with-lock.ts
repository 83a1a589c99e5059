import { checkWithLock, type LockRule, runWithLock } from '@cli-ops/shared-ipc/command'

/** The part of a yargs command module that is wrapped. */
interface WithHandler {
  readonly handler: (...args: never[]) => unknown
}

/**
 * Wraps a handler, or the handler of a command module, so that it runs under a lock. While it waits, a line on stderr names the
 * holder. If the lock can't be acquired, the handler does not run and the process ends, with 75 if the lock is busy.
 *
 * @throws TypeError if the lock rule is wrong, or no handler is given
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
): (...args: Args) => Result
export function withLock(
  lock: string | LockRule,
  wrapped: WithHandler | ((...args: unknown[]) => unknown),
): WithHandler | ((...args: unknown[]) => unknown) {
  checkWithLock(lock, typeof wrapped === 'function' ? wrapped : wrapped?.handler)
  if (typeof wrapped === 'function') return lockHandler(lock, wrapped)
  // Keeps the module's own prototype and accessors: commandDir passes whole module objects.
  const handler = wrapped.handler as (...args: unknown[]) => unknown
  return Object.create(wrapped, {
    handler: {
      enumerable: true,
      value: lockHandler(lock, handler, wrapped),
    },
  }) as WithHandler
}

function lockHandler(
  lock: string | LockRule,
  handler: (...args: unknown[]) => unknown,
  module?: object,
): (...args: unknown[]) => unknown {
  return function (this: unknown, ...args) {
    const run = (): unknown => Reflect.apply(handler, module ?? this, args)
    return runWithLock(lock, { run, handler })
  }
}
