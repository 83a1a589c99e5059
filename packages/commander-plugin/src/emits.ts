import { checkEmits, type EventsOf } from '@cli-ops/shared-ipc/command'

import { lifecycleFor } from './lifecycle-for.js'

/**
 * Wraps an action so that an event follows its success: of the given type with the action's result as data, or the events that a
 * function makes from the outcome. The return type is dropped, since commander accepts no action that returns a value. Within
 * `withLock` the events are emitted while the lock is held, in the order of the grants.
 *
 * @throws TypeError if the type of the event is wrong
 * @example
 * ```ts
 * program.command('add <title>').action(emits('task:created', async (title) => tasks.add(title)))
 * ```
 */
export function emits<This, Args extends unknown[], Result>(
  events: string | EventsOf,
  action: (this: This, ...args: Args) => Result,
): (this: This, ...args: Args) => void | Promise<void> {
  checkEmits('events', events)
  return function (this: This, ...args: Args) {
    const run = (): void | Promise<void> =>
      Reflect.apply(action, this, args) as void | Promise<void>
    const lifecycle = lifecycleFor({ needsLock: false })
    return lifecycle ? lifecycle.emitAfter(events, run, args) : run()
  }
}
