import { waitingAncestors } from '../../../process/ancestors.js'
import { judgeLiveness } from '../../../process/liveness.js'
import { processStartedAt } from '../../../process/monotonic-time.js'
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
    startedAt: () => processStartedAt(),
    waitingAncestors,
  }
}
