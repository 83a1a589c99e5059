import { isInstance } from '../../base/errors/is-instance.js'

const NAME = 'WaitAbandoned'

/**
 * Aborts a wait but keeps its queue position: this process ends, and another one continues the request under the same id. A driver
 * with leases leaves the position for the rest of its lease, as a crash would; other drivers give it up.
 */
export class WaitAbandoned extends Error {
  override readonly name = NAME

  constructor() {
    super('another process goes on waiting')
  }
}

/** Returns whether a wait was ended this way. Compares names, since a driver can have its own copy of this package. */
export function isWaitAbandoned(reason: unknown): boolean {
  return isInstance(reason, Error) && reason.name === NAME
}
