import { emitAfter, type EventsOf } from '@cli-ops/shared-ipc/command'

/**
 * Wraps a handler so that an event follows its success: of the given type with the handler's result as data, or the events that a
 * function makes from the outcome. The return type is dropped, since yargs accepts no handler that returns a value. Within
 * `withLock` the events are emitted while the lock is held, in the order of the grants.
 *
 * @example
 * ```ts
 * yargs().command('add <name>', 'add an item', {}, emits('item:created', async (argv) => items.add(argv.name)))
 * ```
 */
export function emits<Args extends unknown[], Result>(
  events: string | EventsOf,
  handler: (...args: Args) => Result,
): (...args: Args) => void | Promise<void> {
  return function (this: unknown, ...args: Args) {
    const run = (): void | Promise<void> =>
      Reflect.apply(handler, this, args) as void | Promise<void>
    return emitAfter(events, run, args)
  }
}
