import type { LockParty } from '../../events/standard-events.js'
import type { Owner } from '../contract/lock-types.js'

/** Returns the owner as stored in a history: its identity without its state. */
export function lockParty({ name, pid, host, user, command, via }: Owner): LockParty {
  return {
    name,
    pid,
    host,
    user,
    ...(command !== undefined && { command }),
    ...(via !== undefined && { via }),
  }
}
