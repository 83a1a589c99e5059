import { waitingAncestors } from '../../../process/ancestors.js'
import { judgeLiveness, type Liveness } from '../../../process/liveness.js'
import { nudge, onNudge } from '../../../process/nudge.js'
import { ownIdentity, type ProcessIdentity } from '../../../process/process-identity.js'
import type { Home } from '../home.js'
import { systemClock } from './clock.js'
import type { LockSurroundings } from './lock-place.js'

/** The world as it is. */
export function realSurroundings(home: Home): LockSurroundings {
  const judge = (identity: ProcessIdentity): Liveness =>
    judgeLiveness(identity, { localFileSystem: home.isLocal })
  return {
    clock: systemClock,
    identity: ownIdentity,
    judge,
    // When this program began, not when its process was created: `cli-ops run` takes a lock for a process that is there already.
    startedAt: () => Date.now() - process.uptime() * 1000,
    waitingAncestors,
    nudge: (identity) => {
      const liveness = judge(identity)
      if (liveness === 'dead' || liveness === 'stopped') return false
      nudge(identity)
      return true
    },
    onNudge,
  }
}
