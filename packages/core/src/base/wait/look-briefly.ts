import type { MaybePromise } from './maybe-promise.js'
import { withinTime } from './race.js'

/** A better message is not worth a longer wait. */
const BRIEFLY_MS = 75

/**
 * Looks up facts that improve a message. Resolves to undefined if that takes too long: the caller's deadline has already passed, and
 * the engine itself might have failed.
 */
export async function lookBriefly<T>(look: () => MaybePromise<T>): Promise<T | undefined> {
  try {
    const looking = look()
    if (!(looking instanceof Promise)) return looking
    const facts = await withinTime(
      looking.then((found) => ({ found })),
      BRIEFLY_MS,
    )
    return facts === 'late' ? undefined : facts.found
  } catch {
    return undefined
  }
}
