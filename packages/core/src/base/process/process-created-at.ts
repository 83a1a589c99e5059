import { ownIdentity } from './process-identity.js'
import { startInstant } from './start-instant.js'

/**
 * Returns when this process or worker thread was created, in milliseconds since the epoch. Node's own time origin is about 10 ms
 * later, after the program was loaded, so things that a script did right after it started the command would seem earlier. On other
 * systems than Linux, it is Node's origin.
 */
export function processCreatedAt(): number {
  return startInstant(ownIdentity().start) ?? Date.now() - process.uptime() * 1000
}
