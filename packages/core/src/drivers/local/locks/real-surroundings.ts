import { debug } from '../../../base/terminal/message.js'
import { waitingAncestors } from '../../../base/process/ancestors.js'
import { judgeLiveness, type Liveness } from '../../../base/process/liveness.js'
import { lifeFileOf, openLifeFile, watchEnd } from '../../../base/process/life-file.js'
import { nudge, onNudge } from '../../../base/process/nudge.js'
import {
  formatIdentity,
  ownIdentity,
  type ProcessIdentity,
} from '../../../base/process/process-identity.js'
import { WatchingThread } from '../../../base/wait/watching-thread.js'
import type { Home } from '../home/home.js'
import { announceLiveness } from '../home/announce-liveness.js'
import { cleanLivenessSockets } from '../home/clean-liveness-sockets.js'
import { systemClock } from './clock.js'
import type { LockSurroundings } from './lock-context.js'
import { noteKilledHolder } from './killed-holders.js'
import { setImmediate } from '../../../base/wait/own-timers.js'

/** The real environment. */
export function realSurroundings(home: Home): LockSurroundings {
  const judge = (identity: ProcessIdentity): Liveness =>
    judgeLiveness(identity, { localFileSystem: home.isLocal, sockets: home.sockets })
  return {
    clock: systemClock,
    identity: ownIdentity,
    announce: () => {
      openLifeFile(home.root)
      announceLiveness(home)
    },
    removeAnnouncements: () => {
      cleanLivenessSockets(home)
    },
    judge,
    // When this program began, not when its process was created: `cli-ops run` takes a lock for a process that already exists.
    startedAt: () => Date.now() - process.uptime() * 1000,
    waitingAncestors,
    nudge: (identity) => {
      const liveness = judge(identity)
      if (liveness === 'dead') return false
      nudge(identity)
      // It polls as soon as it continues, which might be before the lock is free; until then, another process has to.
      return liveness !== 'stopped'
    },
    onNudge,
    watchEnd,
    lifeFileOf,
    watchWhileBlocked: () =>
      new WatchingThread((error) =>
        debug(() => `nothing is watched while this thread blocks: ${String(error)}`),
      ),
    onDeadOwner: (identity) => {
      settleSoon(home, identity)
    },
    onKilledHolder: (killed) => {
      noteKilledHolder(home, killed)
    },
  }
}

/** Stores what a dead owner could not report, once the process that took its lock has continued. */
function settleSoon(home: Home, identity: ProcessIdentity): void {
  const settle = async (): Promise<void> => {
    const { settleDead } = await import('../registry/settle-dead.js')
    settleDead(home, { deadline: Infinity, only: formatIdentity(identity) })
  }
  setImmediate(() => {
    // Other processes will notice, too.
    settle().catch((error: unknown) => debug(() => `cannot settle: ${String(error)}`))
  })
}
