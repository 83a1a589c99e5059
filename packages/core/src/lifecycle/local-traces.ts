import type { EventRecord } from '../drivers/event-driver.js'
import type { ServiceRecord } from '../drivers/registry-driver.js'
import { isCleanUpDue } from '../drivers/local/clean-up-stamp.js'
import type { LogAppender } from '../drivers/local/events/log-appender.js'
import { encodeEvent } from '../drivers/local/events/log-record.js'
import {
  lookAtSegment,
  openSegment,
  type OpenSegment,
} from '../drivers/local/events/open-segment.js'
import { newestSegment } from '../drivers/local/events/segment-file.js'
import { fullAt } from '../drivers/local/events/segment-size.js'
import { nodeFileSystem as fileSystem } from '../drivers/local/file-system.js'
import { homeBase } from '../drivers/local/home-base.js'
import { isNetworkFileSystem } from '../drivers/local/network-file-system.js'
import { isPrivateDirectory } from '../drivers/local/private-directory.js'
import { recordFileName } from '../drivers/local/registry/record-file-name.js'
import { writeRecord } from '../drivers/local/registry/write-record.js'
import { DEFAULT_RETENTION } from '../events/default-retention.js'
import type { Connection } from '../options/connection-options.js'
import { atExit } from '../process/at-exit.js'
import { entryPath } from '../process/builtins.js'
import { monotonicMs } from '../process/monotonic-time.js'
import { ownProcess } from '../process/own-process.js'
import { noteFirstRecord } from '../registry/first-record.js'
import { loadParts } from './load-parts.js'

/** A clean-up is not repeated by the commands that start within this time. */
const CLEAN_UP_INTERVAL_MS = 60_000
/** What a start may spend on others' leftovers; the rest is left to the next one. */
const CLEAN_UP_BUDGET_MS = 20

const FULL_BYTES = fullAt(DEFAULT_RETENTION)
const APPEND_OPTIONS = { retention: DEFAULT_RETENTION, durable: false }

/**
 * What a command leaves on this machine: its record in the registry and its events.
 *
 * Each step is first tried as it goes on nearly every run, in a home that is there and has room, with few system calls and
 * little code. Where anything is otherwise, the local driver does the step from the beginning, and says what is wrong.
 */
export class LocalTraces {
  readonly #connection: Connection
  /** The directory of the namespace. */
  readonly #base: string
  #isUsual: boolean | undefined
  /** The newest segment of the log, as long as the events go on in it. */
  #segment: OpenSegment | undefined
  #appender: LogAppender | undefined

  constructor(connection: Connection) {
    this.#connection = connection
    this.#base = homeBase(connection.home, connection.namespace)
  }

  /** Removes what dead processes left; one command a minute does this for all. */
  cleanUpIfDue(): void {
    if (this.#isThere() && !isCleanUpDue(fileSystem, this.#base, CLEAN_UP_INTERVAL_MS)) return
    const deadline = monotonicMs() + CLEAN_UP_BUDGET_MS
    loadParts().cleanUp(this.#connection, CLEAN_UP_INTERVAL_MS, deadline)
  }

  /** Registers the instance until the end of the process; a server of this process announces its endpoint in the same record. */
  register(owner: object, name: string, version: string | undefined): void {
    const { identity, instance, startedAt } = ownProcess()
    const fileName = recordFileName(name, instance, identity)
    const path = entryPath(entryPath(this.#base, 'registry'), fileName)
    const startedAtMs = Math.round(startedAt.getTime())
    const { pid } = identity
    const record = { name, instance, pid, version, startedAt: startedAtMs, metadata: {} }
    if (!this.#isThere() || !tryToWriteRecord(path, record)) {
      loadParts().register(this.#connection, owner, name, version)
      return
    }
    noteFirstRecord({ connection: this.#connection, name, owner, version })
    atExit(() => fileSystem.unlink(path))
  }

  /** Appends an event to the log. */
  append(event: Pick<EventRecord, 'json'>): void {
    const block = encodeEvent(event)
    const segment = this.#writeToNewest(block)
    if (segment === undefined) {
      this.#fullAppender().appendSync([event], APPEND_OPTIONS)
      return
    }
    const { movedOn, removed, size } = lookAtSegment(fileSystem, segment)
    if (movedOn || removed) {
      this.#segment = undefined
      this.#fullAppender().settle(block, segment, APPEND_OPTIONS)
      return
    }
    segment.size = size
  }

  /** Writes to the newest segment and returns it; `undefined` where there is none that is begun and not full, or no room. */
  #writeToNewest(block: Buffer): OpenSegment | undefined {
    // Who has made the log, or met a full segment, goes on with the writer that can do so.
    if (this.#appender !== undefined) return undefined
    try {
      if (this.#segment === undefined) {
        if (!this.#isThere() || isNetworkFileSystem(this.#connection.home, fileSystem))
          return undefined
        const directory = entryPath(this.#base, 'events')
        const newest = newestSegment(fileSystem.list(directory))
        if (newest === undefined) return undefined
        this.#segment = openSegment(fileSystem, directory, newest)
      }
      const segment = this.#segment
      if (segment === undefined || segment.size === 0 || segment.size >= FULL_BYTES)
        return undefined
      return fileSystem.write(segment.descriptor, block) === block.length ? segment : undefined
    } catch {
      return undefined
    }
  }

  #fullAppender(): LogAppender {
    return (this.#appender ??= loadParts().createAppender(this.#connection))
  }

  /** Tells whether the home is there and this user's alone. What else may be said of it is the driver's to say. */
  #isThere(): boolean {
    try {
      return (this.#isUsual ??= isPrivateDirectory(fileSystem.status(this.#connection.home)))
    } catch {
      return false
    }
  }
}

function tryToWriteRecord(path: string, record: ServiceRecord): boolean {
  try {
    writeRecord(fileSystem, path, record)
    return true
  } catch {
    return false
  }
}
