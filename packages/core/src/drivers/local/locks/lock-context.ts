import type { Liveness } from '../../../base/process/liveness.js'
import {
  formatIdentity,
  partnerOf,
  type ProcessIdentity,
} from '../../../base/process/process-identity.js'
import type { WatchingThread } from '../../../base/wait/watching-thread.js'
import type { Holder } from '../../../locks/contract/lock-types.js'
import type { Home } from '../home/home.js'
import type { Clock } from './clock.js'
import { LockFiles } from './lock-files.js'

/** A holder that ended without giving its lock back. */
export interface KilledHolder extends Omit<Holder, 'token'> {
  readonly resource: string
}

/** What the protocol asks of the world besides files; a test replaces it to stage deaths and times. */
export interface LockSurroundings {
  readonly clock: Clock
  /** The identity of the calling thread. */
  identity(): ProcessIdentity
  /** The identity of who waits, where that is another one than the owner to be. */
  waiter?(): ProcessIdentity
  /** Leaves what others need to judge the calling thread, and to hear of its end. Before anything carries its name. */
  announce(): void
  /** Removes what the dead left of that, once nothing carries their names. */
  removeAnnouncements(): void
  /** Tells whether the thread behind an identity still exists. Only `dead` is a proof. */
  judge(identity: ProcessIdentity): Liveness
  /** When the calling process or thread began, in milliseconds since the epoch. */
  startedAt(): number
  /** Pids of the processes that (very likely) wait for this one to end. */
  waitingAncestors(): readonly number[]
  /** Tells a waiter to look, a hint that may be lost; false where it has died or is stopped. */
  nudge?(identity: ProcessIdentity): boolean
  /** Calls back when the calling thread is nudged; `undefined` where nobody can nudge it. */
  onNudge(listener: () => void): (() => void) | undefined
  /**
   * Calls back when a process ends, by the kernel and not by the time; `undefined` where that cannot be heard. A hint: the process may
   * be there for another moment.
   */
  watchEnd?(identity: ProcessIdentity, listener: () => void): { close(): void } | undefined
  /** The file that changes when a process ends, which the above watches. */
  lifeFileOf?(identity: ProcessIdentity): string | undefined
  /** Starts what watches files for a thread that blocks; absent where nothing does. */
  watchWhileBlocked?(): WatchingThread
  /** Told whose lock was taken from a dead owner, who may have left more than that. Does nothing before it returns. */
  onDeadOwner?(identity: ProcessIdentity): void
  /** Told what a holder that was proven dead held when that was taken from it. Of a shared lock maybe twice. */
  onKilledHolder?(killed: KilledHolder): void
}

/** Where the locks of one home are and by whom they are looked at: what every part of the protocol shares. */
export class LockContext extends LockFiles<Home, LockSurroundings> {
  /** The identity of who waits, as it stands in names. */
  get waiterIdentity(): string {
    const waiter = this.surroundings.waiter?.()
    return waiter === undefined ? this.identity : formatIdentity(waiter)
  }

  /** Judges the owner of a name. Names of this very thread need no look at the process table. */
  judge(identity: ProcessIdentity): Liveness {
    const own = this.surroundings.identity()
    const isOwn =
      identity.pid === own.pid &&
      identity.tid === own.tid &&
      formatIdentity(identity) === this.identity
    return isOwn ? 'running' : this.surroundings.judge(identity)
  }

  /** Which of the processes that an identity names is shown to people: the first, as long as it is there. */
  shown(identity: ProcessIdentity): ProcessIdentity {
    const partner = partnerOf(identity)
    if (partner === undefined) return identity
    const first = { ...identity, partner: undefined }
    return this.surroundings.judge(first) === 'dead' ? partner : first
  }

  /** False where there is no home yet, so that looking makes none. Else checks it, as any use does. */
  isThere(): boolean {
    try {
      if (this.fileSystem.status(this.home.root) === undefined) return false
    } catch (error) {
      throw this.home.failure(error)
    }
    this.home.prepare()
    return true
  }

  /** Leaves what others need to judge the calling thread, where its pid does not tell. */
  override canBeJudged(): boolean {
    this.surroundings.announce()
    return true
  }
}
