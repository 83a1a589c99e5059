import type { MaybePromise } from './maybe-promise.js'

/** A message is not worth a longer wait. */
const BRIEFLY_MS = 75

/**
 * Asks for facts that a message would be better with. Resolves to undefined where they cannot be had soon: the caller's deadline
 * has passed by then, and the engine may be what it has failed at.
 */
export async function lookBriefly<T>(look: () => MaybePromise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined
  try {
    const looking = look()
    if (!(looking instanceof Promise)) return looking
    const limit = new Promise<undefined>((resolve) => {
      timer = setTimeout(resolve, BRIEFLY_MS, undefined)
    })
    return await Promise.race([looking.catch(() => undefined), limit])
  } catch {
    return undefined
  } finally {
    clearTimeout(timer)
  }
}
