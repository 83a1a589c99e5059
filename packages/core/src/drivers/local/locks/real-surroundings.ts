import { waitingAncestors } from '../../../process/ancestors.js'
import { judgeLiveness } from '../../../process/liveness.js'
import { processCreatedAt } from '../../../process/process-created-at.js'
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
    startedAt: processCreatedAt,
    waitingAncestors,
  }
}
