import type { LockParty } from '../../events/standard-events.js'
import type { Owner } from '../contract/lock-types.js'

/** An owner as a history tells of it: who it was, not how it was at that moment. */
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
