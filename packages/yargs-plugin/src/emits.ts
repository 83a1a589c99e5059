import { emitAfter, type EventsOf } from '@cli-ops/shared-ipc/lifecycle'

/**
 * Wraps a handler so that an event follows when it has ended well: of the given type with what the handler returned as
 * data, or the events that a function makes of the outcome.
 *
 * @example
 * ```ts
 * yargs().command('add <name>', 'add an item', {}, emits('item:created', async (argv) => items.add(argv.name)))
 * ```
 */
export function emits<Args extends unknown[], Result>(
  events: string | EventsOf,
  handler: (...args: Args) => Result,
): (...args: Args) => Result {
  return function (this: unknown, ...args: Args) {
    return emitAfter(events, () => Reflect.apply(handler, this, args), args)
  }
}
