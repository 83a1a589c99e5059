import { ownIdentity } from '../../base/process/process-identity.js'
import { DEFAULT_RETENTION } from '../../events/contract/default-retention.js'
import type { EventRecord } from '../../events/contract/event-driver.js'
import type { LockGrant, LockRequest } from '../../locks/contract/lock-driver.js'
import type { RecordKeeper, ServiceRecord } from '../../registry/contract/registry-driver.js'
import type { LogAppender } from './events/log-appender.js'
import { encodeEvent } from './events/log-record.js'
import { NewestSegment } from './events/newest-segment.js'
import type { OpenSegment } from './events/open-segment.js'
import { fullAt } from './events/segment-size.js'
import { isCleanUpDue, renewCleanUpStamp } from './home/clean-up-stamp.js'
import { nodeFileSystem } from './home/file-system.js'
import { isNothingLeft } from './nothing-left.js'
import { UsualHome } from './home/usual-home.js'
import type * as LocalParts from './local-parts.js'
import { createLocalGrant } from './locks/local-grant.js'
import { LockFiles } from './locks/lock-files.js'
import { takeFreeLock } from './locks/take-free-lock.js'
import { recordPath, storeRecord } from './registry/store-record.js'

const FULL_BYTES = fullAt(DEFAULT_RETENTION)
const APPEND_OPTIONS = { retention: DEFAULT_RETENTION, durable: false }
const SURROUNDINGS = { clock: { now: () => Date.now() }, identity: ownIdentity }

/**
 * The first steps of the local driver, which suffice for nearly every command: a free lock, an event in a log with room, a record in
 * an existing registry. They take few system calls and little code. In any other case the rest of the driver is loaded; it repeats
 * the step from the start, and reports what is wrong.
 */
export class UsualDriver implements RecordKeeper {
  readonly #home: UsualHome
  readonly #parts: () => typeof LocalParts
  #locks: LockFiles | undefined
  #newest: NewestSegment | undefined
  #appender: LogAppender | undefined

  /** @param parts loads the rest of the driver */
  constructor(
    { home, namespace }: { readonly home: string; readonly namespace: string },
    parts: () => typeof LocalParts,
  ) {
    this.#home = new UsualHome(home, namespace, nodeFileSystem)
    this.#parts = parts
  }

  /** Like `LockDriver.tryAcquireSync`. */
  tryAcquire(request: LockRequest): LockGrant | null {
    const context = (this.#locks ??= new LockFiles(this.#home, SURROUNDINGS))
    const claim = takeFreeLock(context, request)
    if (claim === undefined)
      return this.#parts().locksOf(this.#home).tryAcquireSync?.(request) ?? null
    if (claim === null) return null
    return createLocalGrant(context, claim, (...lost) =>
      this.#parts().watchLock(this.#home, ...lost),
    )
  }

  registerSync(record: ServiceRecord): void {
    if (!storeRecord(this.#home, record, ownIdentity()))
      this.#parts().recordsOf(this.#home).write(record)
  }

  register(record: ServiceRecord): void {
    this.registerSync(record)
  }

  // One system call, since exit handlers use it.
  unregisterSync(name: string, instance: string): void {
    this.#home.fileSystem.unlink(recordPath(this.#home, { name, instance }, ownIdentity()))
  }

  unregister(name: string, instance: string): void {
    this.unregisterSync(name, instance)
  }

  /** Appends an event to the log. */
  append(event: Pick<EventRecord, 'json'>): void {
    // After creating the log, or meeting a full segment, this continues with the writer that can do so.
    if (this.#appender !== undefined) return void this.#appender.appendSync([event], APPEND_OPTIONS)
    const block = encodeEvent(event)
    const newest = (this.#newest ??= new NewestSegment(
      this.#home.fileSystem,
      this.#home.directory('events'),
    ))
    const segment = this.#write(newest, block)
    const look = segment && newest.lookAfter(segment, block)
    if (look !== undefined && !look.movedOn && !look.removed) return
    this.#appender = this.#parts().appenderOf(this.#home, newest)
    if (look === undefined) this.#appender.appendSync([event], APPEND_OPTIONS)
    else this.#appender.settle(block, look, APPEND_OPTIONS)
  }

  /**
   * Removes what dead processes left, unless another process has done so within the interval, for as long as the budget
   * lasts.
   */
  cleanUpIfDue(intervalMs: number, deadline: () => number): void {
    const { base, fileSystem } = this.#home
    if (this.#home.isUsual()) {
      if (!isCleanUpDue(fileSystem, base, intervalMs)) return
      if (this.#foundNothingLeft()) return
    }
    this.#parts().cleanUp(this.#home, intervalMs, deadline())
  }

  /** Records the time if there is nothing to clean up. Returns false if another process does so at the same moment. */
  #foundNothingLeft(): boolean {
    const { base, fileSystem } = this.#home
    try {
      if (!isNothingLeft(this.#home)) return false
      renewCleanUpStamp(fileSystem, base)
      return true
    } catch {
      return false
    }
  }

  /** Writes to the newest segment; returns `undefined` if none has begun that is not full, or if there is no room. */
  #write(newest: NewestSegment, block: Buffer): OpenSegment | undefined {
    const { fileSystem } = this.#home
    try {
      if (newest.current === undefined && !(this.#home.isUsual() && this.#home.isLocal))
        return undefined
      const segment = newest.find()
      if (segment === undefined || segment.size >= FULL_BYTES) return undefined
      return fileSystem.write(segment.descriptor, block) === block.length ? segment : undefined
    } catch {
      return undefined
    }
  }
}
