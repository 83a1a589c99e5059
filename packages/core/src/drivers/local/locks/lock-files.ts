import { encodeFileName } from '../../../base/names/file-name.js'
import { needsLivenessSocket } from '../../../base/process/needs-liveness-socket.js'
import { formatIdentity, type ProcessIdentity } from '../../../base/process/process-identity.js'
import type { FileSystem } from '../home/file-system.js'
import type { UsualHome } from '../home/usual-home.js'
import { type ResourcePaths, resourcePaths } from './resource-paths.js'

/** What taking a free lock needs from its environment besides files. */
export interface FreeLockSurroundings {
  /** `now` is in milliseconds since the epoch. */
  readonly clock: { now(): number }
  /** Returns the identity of the calling thread. */
  identity(): ProcessIdentity
}

/** The locks of one home and the identity that takes them: all that a free lock needs. */
export class LockFiles<
  H extends UsualHome = UsualHome,
  S extends FreeLockSurroundings = FreeLockSurroundings,
> {
  readonly home: H
  readonly fileSystem: FileSystem
  readonly clock: S['clock']
  readonly surroundings: S
  /**
   * Token of this process's last release, by lock: a guess at the current state that saves an uncontended acquisition the
   * listing. A wrong guess fails and costs a call.
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

  /** Returns whether others can judge the calling thread by its name. Called before anything carries that name. */
  canBeJudged(): boolean {
    return !needsLivenessSocket(this.surroundings.identity())
  }
}
