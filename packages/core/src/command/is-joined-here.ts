import { homeOf } from '../drivers/local/home/home-of.js'
import { createLocalLocks } from '../drivers/local/locks/local-locks.js'
import type { Connection } from '../engine/connection-options.js'
import { joinMarkName } from '../locks/contract/slot-name.js'
import { atOnce } from '../locks/slots/try-slots.js'

/** Returns whether another process waits for the end of the run that holds a resource of this machine, before it returns. */
export function isJoinedHere(connection: Connection, resource: string): boolean {
  const info = atOnce(createLocalLocks(homeOf(connection)).inspect(joinMarkName(resource)))
  return (info?.holders.length ?? 0) > 0
}
