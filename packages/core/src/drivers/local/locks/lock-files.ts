import { entryPath } from '../../../base/builtins.js'
import { encodeFileName } from '../../../base/names/file-name.js'
import { needsLivenessSocket } from '../../../base/process/needs-liveness-socket.js'
import { formatIdentity, type ProcessIdentity } from '../../../base/process/process-identity.js'
import type { FileSystem } from '../home/file-system.js'
import type { UsualHome } from '../home/usual-home.js'

/** What taking a free lock asks of the world besides files. */
export interface FreeLockSurroundings {
  /** `now` is in milliseconds since the epoch. */
  readonly clock: { now(): number }
  /** The identity of the calling thread. */
  identity(): ProcessIdentity
}

/** The files of one resource. */
export interface ResourcePaths {
  /** The resource's name as a file name. */
  readonly encoded: string
  /** Directory with the state file and the sharers' files. It stays when nobody holds the lock. */
  readonly lock: string
  /** Directory that exists while somebody waits, one ticket file for each waiter. */
  readonly queue: string
}

/** Ends the name of a lock's directory. */
export const LOCK_SUFFIX = '.lock'

/** Where the locks of one home are and who takes them: what a free lock needs. */
export class LockFiles<
  H extends UsualHome = UsualHome,
  S extends FreeLockSurroundings = FreeLockSurroundings,
> {
  readonly home: H
  readonly fileSystem: FileSystem
  readonly clock: S['clock']
  readonly surroundings: S
  /**
   * Token of the last release here, by lock: a guess of the present state, which spares an uncontended acquisition the look.
   * A wrong one fails and costs a call.
   */
  readonly released = new Map<string, bigint>()
  #identity: string | undefined
  #last: { readonly resource: string; readonly paths: ResourcePaths } | undefined

  constructor(home: H, surroundings: S) {
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
    return {
      encoded,
      lock: entryPath(this.home.directory('locks'), encoded + LOCK_SUFFIX),
      queue: entryPath(this.home.directory('queues'), encoded),
    }
  }

  /** Tells whether others can judge the calling thread by its name. Asked before anything carries that. */
  canBeJudged(): boolean {
    return !needsLivenessSocket(this.surroundings.identity())
  }
}
