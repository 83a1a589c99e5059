import { isInstance } from '../../base/errors/is-instance.js'

const NAME = 'WaitAbandoned'

/**
 * Aborts a wait whose queue position is to stay: this process ends, and another one goes on with the request under the same id. A driver
 * with leases leaves the position as a crash would, for the rest of its lease; another driver gives it up.
 */
export class WaitAbandoned extends Error {
  override readonly name = NAME

  constructor() {
    super('another process goes on waiting')
  }
}

/** Tells whether a wait was ended so; by name, since a driver may have a copy of this package of its own. */
export function isWaitAbandoned(reason: unknown): boolean {
  return isInstance(reason, Error) && reason.name === NAME
}
