import { emitAfter, type EventsOf } from '@cli-ops/shared-ipc/lifecycle'

/**
 * Wraps an action so that an event follows when it has ended well: of the given type with what the action returned as
 * data, or the events that a function makes of the outcome.
 *
 * @example
 * ```ts
 * program.command('add <title>').action(emits('task:created', async (title) => tasks.add(title)))
 * ```
 */
export function emits<This, Args extends unknown[], Result>(
  events: string | EventsOf,
  action: (this: This, ...args: Args) => Result,
): (this: This, ...args: Args) => Result {
  return function (this: This, ...args: Args) {
    return emitAfter(events, () => Reflect.apply(action, this, args), args)
  }
}
