import type { AsyncLocalStorage } from 'node:async_hooks'

let flows: AsyncLocalStorage<object> | undefined

/** Calls a group's handler so that {@link isHandlerOf} knows it, and all that it awaits. */
export function runAsHandler<T>(subscription: object, callback: () => T): T {
  // Loaded with the first event of a group: no command that only emits pays for it.
  flows ??= new (process.getBuiltinModule('node:async_hooks').AsyncLocalStorage)<object>()
  return flows.run(subscription, callback)
}

/** Tells whether the caller is this subscription's own handler, which cannot wait for its own end. */
export function isHandlerOf(subscription: object): boolean {
  return flows?.getStore() === subscription
}
