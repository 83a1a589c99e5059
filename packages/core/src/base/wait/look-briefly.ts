import type { MaybePromise } from './maybe-promise.js'
import { withinTime } from './race.js'

/** A message is not worth a longer wait. */
const BRIEFLY_MS = 75

/**
 * Looks up facts that improve a message. Resolves to undefined where they do not come soon: the caller's deadline has passed by
 * then, and the engine may be what failed.
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
