import type { AsyncLocalStorage } from 'node:async_hooks'

let flows: AsyncLocalStorage<object> | undefined

/** Calls a group's handler so that {@link isHandlerOf} recognises it and everything it awaits. */
export function runAsHandler<T>(subscription: object, callback: () => T): T {
  // Loaded with a group's first event, so a command that only emits does not pay for it.
  flows ??= new (process.getBuiltinModule('node:async_hooks').AsyncLocalStorage)<object>()
  return flows.run(subscription, callback)
}

/** Returns whether the caller is this subscription's own handler, which cannot wait for its own end. */
export function isHandlerOf(subscription: object): boolean {
  return flows?.getStore() === subscription
}
