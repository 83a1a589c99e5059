import { entryPath } from '../../base/builtins.js'
import { encodeFileName } from '../../base/names/file-name.js'
import { needsLivenessSocket } from '../../base/process/needs-liveness-socket.js'
import { formatIdentity, ownIdentity } from '../../base/process/process-identity.js'
import { DEFAULT_RETENTION } from '../../events/contract/default-retention.js'
import type { EventRecord } from '../../events/contract/event-driver.js'
import type { LockGrant, LockRequest } from '../../locks/contract/lock-driver.js'
import type { RecordKeeper, ServiceRecord } from '../../registry/contract/registry-driver.js'
import { findNewestSegment, lookAfterWrite, type WriteLook } from './events/append-steps.js'
import type { LogAppender } from './events/log-appender.js'
import { encodeEvent } from './events/log-record.js'
import type { OpenSegment } from './events/open-segment.js'
import { fullAt } from './events/segment-size.js'
import { isCleanUpDue, renewCleanUpStamp } from './home/clean-up-stamp.js'
import { nodeFileSystem } from './home/file-system.js'
import { homeBase } from './home/home-base.js'
import { isPrivateDirectory } from './home/is-private-directory.js'
import { isNetworkFileSystem } from './home/network-file-system.js'
import type * as LocalParts from './local-parts.js'
import { type ClaimContext, describeClaim } from './locks/claim.js'
import { createLocalGrant } from './locks/local-grant.js'
import { resourcePaths } from './locks/resource-paths.js'
import { winFreeLock } from './locks/take-free-lock.js'
import { isNothingLeft } from './nothing-left.js'
import { recordPath, storeRecord } from './registry/store-record.js'

const APPEND_OPTIONS = { retention: DEFAULT_RETENTION, durable: false }
const FULL_BYTES = fullAt(DEFAULT_RETENTION)

/**
 * The first steps of the local driver, which suffice for nearly every command: a free lock, an event in a log with room, a record in
 * an existing registry. They take few system calls and little code. In any other case the rest of the driver is loaded; it repeats
 * the step from the start, and reports what is wrong.
 */
export class UsualDriver implements RecordKeeper, ClaimContext {
  readonly root: string
  readonly namespace: string
  readonly fileSystem = nodeFileSystem
  readonly clock = Date
  readonly released = new Map<string, bigint>()
  readonly failure = (error: unknown): unknown => error
  readonly #base: string
  readonly #parts: () => typeof LocalParts
  #isUsual: boolean | undefined
  #segment: OpenSegment | undefined
  #appender: LogAppender | undefined

  /** @param parts loads the rest of the driver */
  constructor(
    { home, namespace }: { readonly home: string; readonly namespace: string },
    parts: () => typeof LocalParts,
  ) {
    this.root = home
    this.namespace = namespace
    this.#base = homeBase(home, namespace)
    this.#parts = parts
  }

  /** Returns whether there is nothing to create, and nothing to refuse. Checked once. */
  isUsual(): boolean {
    try {
      return (this.#isUsual ??= isPrivateDirectory(this.fileSystem.status(this.root)))
    } catch {
      return false
    }
  }

  /** Like `LockDriver.tryAcquireSync`. */
  tryAcquire(request: LockRequest): LockGrant | null {
    const identity = ownIdentity()
    const paths = resourcePaths(this.#base, encodeFileName(request.resource))
    const isPlain = request.mode === 'exclusive' && !needsLivenessSocket(identity)
    const won =
      isPlain && this.isUsual()
        ? winFreeLock(this.fileSystem, paths, request.id, formatIdentity(identity))
        : undefined
    if (won === undefined) return this.#parts().locksOf(this).tryAcquireSync?.(request) ?? null
    const claim = describeClaim(this, { ...won, paths, request })
    // Taken away by force in between: this id has been released, and must not hold it again.
    if (claim === undefined) return null
    return createLocalGrant(this, claim, (...lost) => this.#parts().watchLock(this, ...lost))
  }

  registerSync(record: ServiceRecord): void {
    const path = recordPath(this.#base, record, ownIdentity())
    if (!this.isUsual() || !storeRecord(this.fileSystem, path, record))
      this.#parts().recordsOf(this).write(record)
  }

  register(record: ServiceRecord): void {
    this.registerSync(record)
  }

  // One system call, since exit handlers use it.
  unregisterSync(name: string, instance: string): void {
    this.fileSystem.unlink(recordPath(this.#base, { name, instance }, ownIdentity()))
  }

  unregister(name: string, instance: string): void {
    this.unregisterSync(name, instance)
  }

  /** Appends an event to the log. */
  append(event: Pick<EventRecord, 'json'>): void {
    // After creating the log, or meeting a full segment, this continues with the writer that can do so.
    if (this.#appender !== undefined) return void this.#appender.appendSync([event], APPEND_OPTIONS)
    const block = encodeEvent(event)
    const look = this.#write(block)
    if (look !== undefined && !look.movedOn && !look.removed) return
    this.#appender = this.#parts().appenderOf(this, this.#segment)
    if (look === undefined) this.#appender.appendSync([event], APPEND_OPTIONS)
    else this.#appender.settle(block, look, APPEND_OPTIONS)
  }

  /**
   * Removes what dead processes left, unless another process has done so within the interval, for as long as the budget
   * lasts.
   */
  cleanUpIfDue(intervalMs: number, deadline: () => number): void {
    if (this.isUsual()) {
      if (!isCleanUpDue(this.fileSystem, this.#base, intervalMs)) return
      if (this.#foundNothingLeft()) return
    }
    this.#parts().cleanUp(this, intervalMs, deadline())
  }

  /** Records the time if there is nothing to clean up. Returns false if another process does so at the same moment. */
  #foundNothingLeft(): boolean {
    try {
      if (!isNothingLeft(this.fileSystem, this.root, this.#base)) return false
      renewCleanUpStamp(this.fileSystem, this.#base)
      return true
    } catch {
      return false
    }
  }

  /** Writes to the newest segment; returns `undefined` if none has begun that is not full, or if there is no room. */
  #write(block: Buffer): WriteLook | undefined {
    const { fileSystem, root } = this
    try {
      if (this.#segment === undefined) {
        if (!this.isUsual() || isNetworkFileSystem(root, fileSystem)) return undefined
        this.#segment = findNewestSegment(fileSystem, entryPath(this.#base, 'events'))
      }
      const segment = this.#segment
      if (segment === undefined || segment.size >= FULL_BYTES) return undefined
      const isWhole = fileSystem.write(segment.descriptor, block) === block.length
      return isWhole ? lookAfterWrite(fileSystem, segment, block) : undefined
    } catch {
      return undefined
    }
  }
}
