import { encodeFileName } from '../../../base/names/file-name.js'
import type { Liveness } from '../../../base/process/liveness.js'
import {
  formatIdentity,
  partnerOf,
  type ProcessIdentity,
} from '../../../base/process/process-identity.js'
import type { WatchingThread } from '../../../base/wait/watching-thread.js'
import type { Holder } from '../../../locks/contract/lock-types.js'
import type { FileSystem } from '../home/file-system.js'
import type { Home } from '../home/home.js'
import type { Clock } from './clock.js'
import type { ClaimContext } from './claim.js'
import { type ResourcePaths, resourcePaths } from './resource-paths.js'

/** A holder that ended without releasing its lock. */
export interface KilledHolder extends Omit<Holder, 'token'> {
  readonly resource: string
}

/** What the protocol needs from its environment besides files; tests replace it to stage deaths and times. */
export interface LockSurroundings {
  readonly clock: Clock
  /** Returns the identity of the calling thread. */
  identity(): ProcessIdentity
  /** Returns the identity of the waiter, if it differs from the future owner. */
  waiter?(): ProcessIdentity
  /**
   * Leaves what others need to judge the calling thread and to notice its end. Call this before anything carries its
   * name.
   */
  announce(): void
  /** Removes what dead processes left of that, once nothing carries their names. */
  removeAnnouncements(): void
  /** Returns whether the thread behind an identity still exists. Only `dead` is a proof. */
  judge(identity: ProcessIdentity): Liveness
  /** Returns when the calling process or thread began, in milliseconds since the epoch. */
  startedAt(): number
  /** Returns the pids of processes that (very likely) wait for this one to end. */
  waitingAncestors(): readonly number[]
  /** Tells a waiter to poll, a hint that can get lost; returns false if it has died, or is stopped and polls only once it continues. */
  nudge?(identity: ProcessIdentity): boolean
  /** Calls back when the calling thread is nudged; returns `undefined` if it cannot be nudged. */
  onNudge(listener: () => void): (() => void) | undefined
  /**
   * Calls back when a process ends, through the kernel and not by polling; returns `undefined` if that is not possible. A hint: the
   * process can still exist for a moment.
   */
  watchEnd?(identity: ProcessIdentity, listener: () => void): { close(): void } | undefined
  /** Returns the file that changes when a process ends, which `watchEnd` watches. */
  lifeFileOf?(identity: ProcessIdentity): string | undefined
  /** Starts a thread that watches files for a blocked one; absent if there is none. */
  watchWhileBlocked?(): WatchingThread
  /**
   * Called with the dead owner from whom a lock was taken, who might have left more. Does nothing before it returns.
   */
  onDeadOwner?(identity: ProcessIdentity): void
  /** Told what a holder that was proven dead held when that was taken from it. Of a shared lock maybe twice. */
  onKilledHolder?(killed: KilledHolder): void
}

/** The locks of one home and the identity that accesses them: shared by every part of the protocol. */
export class LockContext implements ClaimContext {
  readonly home: Home
  readonly fileSystem: FileSystem
  readonly clock: Clock
  readonly surroundings: LockSurroundings
  /**
   * Token of this process's last release, by lock: a guess at the current state that saves an uncontended acquisition the
   * listing. A wrong guess fails and costs a call.
   */
  readonly released = new Map<string, bigint>()
  #identity: string | undefined
  #last: { readonly resource: string; readonly paths: ResourcePaths } | undefined

  constructor(home: Home, surroundings: LockSurroundings) {
    this.home = home
    this.fileSystem = home.fileSystem
    this.clock = surroundings.clock
    this.surroundings = surroundings
  }

  /** Returns the error to throw if the file system fails. */
  readonly failure = (error: unknown): unknown => this.home.failure(error)

  /** The calling thread's identity, as it appears in names. */
  get identity(): string {
    return (this.#identity ??= formatIdentity(this.surroundings.identity()))
  }

  /** Returns the files of a resource. */
  of(resource: string): ResourcePaths {
    // The same lock is requested several times while it is being taken.
    if (this.#last?.resource !== resource)
      this.#last = { resource, paths: this.ofEncoded(encodeFileName(resource)) }
    return this.#last.paths
  }

  /** Like `of`, for a name that was read from the disk. */
  ofEncoded(encoded: string): ResourcePaths {
    return resourcePaths(this.home.base, encoded)
  }

  /** The waiter's identity, as it appears in names. */
  get waiterIdentity(): string {
    const waiter = this.surroundings.waiter?.()
    return waiter === undefined ? this.identity : formatIdentity(waiter)
  }

  /** Judges the owner of a name. Names of this thread need no check of the process table. */
  judge(identity: ProcessIdentity): Liveness {
    const own = this.surroundings.identity()
    const isOwn =
      identity.pid === own.pid &&
      identity.tid === own.tid &&
      formatIdentity(identity) === this.identity
    return isOwn ? 'running' : this.surroundings.judge(identity)
  }

  /** Returns which process of an identity is shown to people: the first, as long as it exists. */
  shown(identity: ProcessIdentity): ProcessIdentity {
    const partner = partnerOf(identity)
    if (partner === undefined) return identity
    const first = { ...identity, partner: undefined }
    return this.surroundings.judge(first) === 'dead' ? partner : first
  }

  /** Returns false if there is no home yet, so that checking creates none. Else checks the home, as any use does. */
  isThere(): boolean {
    try {
      if (this.fileSystem.status(this.home.root) === undefined) return false
    } catch (error) {
      throw this.home.failure(error)
    }
    this.home.prepare()
    return true
  }
}
