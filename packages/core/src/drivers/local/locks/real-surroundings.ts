import { waitingAncestors } from '../../../process/ancestors.js'
import { judgeLiveness } from '../../../process/liveness.js'
import { nudge, onNudge } from '../../../process/nudge.js'
import { ownIdentity } from '../../../process/process-identity.js'
import type { Home } from '../home.js'
import { systemClock } from './clock.js'
import type { LockSurroundings } from './lock-place.js'

/** The world as it is. */
export function realSurroundings(home: Home): LockSurroundings {
  return {
    clock: systemClock,
    identity: ownIdentity,
    judge: (identity) => judgeLiveness(identity, { localFileSystem: home.isLocal }),
    // When this program began, not when its process was created: `cli-ops run` takes a lock for a process that is there already.
    startedAt: () => Date.now() - process.uptime() * 1000,
    waitingAncestors,
    nudge,
    onNudge,
  }
}
