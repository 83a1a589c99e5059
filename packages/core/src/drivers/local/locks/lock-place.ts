import { encodeFileName } from '../../../names/file-name.js'
import type { Liveness } from '../../../process/liveness.js'
import { formatIdentity, type ProcessIdentity } from '../../../process/process-identity.js'
import { entryPath } from '../../../process/builtins.js'
import type { FileSystem } from '../file-system.js'
import { type Home, storageError } from '../home.js'
import type { Clock } from './clock.js'

/** What the protocol asks of the world besides files; a test replaces it to stage deaths and times. */
export interface LockSurroundings {
  readonly clock: Clock
  /** The identity of the calling thread. */
  identity(): ProcessIdentity
  /** Tells whether the thread behind an identity still exists. Only `dead` is a proof. */
  judge(identity: ProcessIdentity): Liveness
  /** When the calling process or thread began, in milliseconds since the epoch. */
  startedAt(): number
  /** Pids of the processes that (very likely) wait for this one to end. */
  waitingAncestors(): readonly number[]
  /** Tells a waiter to look, a hint that may be lost; false where it has died or is stopped. */
  nudge(identity: ProcessIdentity): boolean
  /** Calls back when the calling thread is nudged; `undefined` where nobody can nudge it. */
  onNudge(listener: () => void): (() => void) | undefined
}

/** Where the locks of one home are and by whom they are looked at: what every part of the protocol shares. */
export class LockPlace {
  readonly home: Home
  readonly fileSystem: FileSystem
  readonly clock: Clock
  readonly surroundings: LockSurroundings
  /**
   * Token of the last release here, by lock: a guess of the present state, which spares an uncontended acquisition the look.
   * A wrong one fails and costs a call.
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

  /** The calling thread's identity as it stands in names. */
  get identity(): string {
    return (this.#identity ??= formatIdentity(this.surroundings.identity()))
  }

  /** Finds the files of a resource. */
  of(resource: string): ResourcePaths {
    // One lock is asked for several times on its way to be taken.
    if (this.#last?.resource !== resource)
      this.#last = { resource, paths: this.ofEncoded(encodeFileName(resource)) }
    return this.#last.paths
  }

  /** As `of`, for a name that was read from the disk. */
  ofEncoded(encoded: string): ResourcePaths {
    const { locks, queues } = this.home.paths
    return {
      encoded,
      lock: entryPath(locks, encoded + LOCK_SUFFIX),
      queue: entryPath(queues, encoded),
    }
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

  /** False where there is no home yet, so that looking makes none. Else checks it, as any use does. */
  isThere(): boolean {
    try {
      if (this.fileSystem.status(this.home.root) === undefined) return false
    } catch (error) {
      throw storageError(error, this.home.root)
    }
    this.home.prepare()
    return true
  }
}

/** Ends the name of a lock's directory. */
export const LOCK_SUFFIX = '.lock'

/** The files of one resource. */
export interface ResourcePaths {
  /** The resource's name as a file name. */
  readonly encoded: string
  /** Directory with the state file and the sharers' files. It stays when nobody holds the lock. */
  readonly lock: string
  /** Directory that exists while somebody waits, one ticket file for each waiter. */
  readonly queue: string
}
