import type { Lock } from '../locks/lock-types.js'
import { isOn } from '../options/environment.js'
import type { LockRule } from './cli-ops-options.js'
import { type Refusal, takeLock } from './command-lock.js'
import { currentSession } from './current-session.js'
import { isPromiseLike } from './promise-like.js'
import { releaseLock } from './release-lock.js'

/**
 * Runs a handler under a lock, and gives its result as it is: without a wait, a synchronous handler stays
 * synchronous. The lock is released when the handler has returned or its promise has settled; when it is not to be
 * had, `refuse` stands for the handler. Used outside a CLI with the plugin, it locks in the default home.
 */
export function runWithLock<T>(
  rule: string | LockRule,
  handler: () => T,
  refuse: (refusal: Refusal) => T,
): T | Promise<Awaited<T>> {
  const { disabled, ...place } = currentSession()?.connection ?? {}
  if (disabled ?? isOn(process.env['CLI_OPS_DISABLED'])) return handler()
  const taken = takeLock(place, typeof rule === 'string' ? { resource: rule } : rule)
  return isPromiseLike(taken)
    ? (taken.then((lock) => holdDuring(lock, handler, refuse)) as Promise<Awaited<T>>)
    : holdDuring(taken, handler, refuse)
}

function holdDuring<T>(
  taken: Lock | Refusal,
  handler: () => T,
  refuse: (refusal: Refusal) => T,
): T | Promise<Awaited<T>> {
  if ('reason' in taken) {
    currentSession()?.noteRefusal(taken)
    return refuse(taken)
  }
  let result: T
  try {
    result = taken.run(handler)
  } catch (error) {
    void releaseLock(taken)
    throw error
  }
  if (isPromiseLike(result)) return Promise.resolve(result).finally(() => releaseLock(taken))
  void releaseLock(taken)
  return result
}
