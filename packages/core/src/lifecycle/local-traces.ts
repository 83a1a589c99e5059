import type { EventRecord } from '../drivers/event-driver.js'
import { driverKey } from '../drivers/driver-key.js'
import { isCleanUpDue } from '../drivers/local/clean-up-stamp.js'
import type { LogAppender } from '../drivers/local/events/log-appender.js'
import { encodeEvent } from '../drivers/local/events/log-record.js'
import {
  lookAfterWrite,
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
    const isDone = (): boolean => !isCleanUpDue(fileSystem, this.#base, CLEAN_UP_INTERVAL_MS)
    if (this.#tryUsual(isDone)) return
    const deadline = monotonicMs() + CLEAN_UP_BUDGET_MS
    loadParts().cleanUp(this.#connection, CLEAN_UP_INTERVAL_MS, deadline)
  }

  /** Registers the instance until the end of the process; a server of this process announces its endpoint in the same record. */
  register(owner: object, name: string, version: string | undefined): void {
    const { identity, instance, startedAt } = ownProcess()
    const path = this.#path('registry', recordFileName(name, instance, identity))
    const record = {
      name,
      instance,
      pid: identity.pid,
      version,
      startedAt: Math.round(startedAt.getTime()),
      metadata: {},
    }
    const isWritten = this.#tryUsual(() => {
      writeRecord(fileSystem, path, record)
      return true
    })
    if (!isWritten) {
      loadParts().register(this.#connection, owner, name, version)
      return
    }
    noteFirstRecord({ key: driverKey(this.#connection, 'local:'), name, owner, version })
    atExit(() => fileSystem.unlink(path))
  }

  /** Appends an event to the log. */
  append(event: Pick<EventRecord, 'json'>): void {
    const block = encodeEvent(event)
    const segment = this.#appender === undefined ? this.#openLog() : undefined
    if (segment === undefined) {
      this.#fullAppender().appendSync([event], APPEND_OPTIONS)
      return
    }
    this.#segment = undefined
    if (!this.#tryUsual(() => fileSystem.write(segment.descriptor, block) === block.length)) {
      this.#fullAppender().appendSync([event], APPEND_OPTIONS)
      return
    }
    const { movedOn, removed, size } = lookAfterWrite(fileSystem, segment)
    if (movedOn || removed) {
      this.#fullAppender().settle(block, segment, APPEND_OPTIONS)
      return
    }
    segment.size = size
    this.#segment = segment
  }

  /** The newest segment, where there is one that is begun and not full. */
  #openLog(): OpenSegment | undefined {
    this.#tryUsual(() => {
      this.#segment ??= this.#openNewest()
      return true
    })
    const size = this.#segment?.size ?? 0
    return size > 0 && size < fullAt(DEFAULT_RETENTION) ? this.#segment : undefined
  }

  #openNewest(): OpenSegment | undefined {
    if (isNetworkFileSystem(this.#connection.home, fileSystem)) return undefined
    const directory = entryPath(this.#base, 'events')
    const newest = newestSegment(fileSystem.list(directory))
    return newest === undefined ? undefined : openSegment(fileSystem, directory, newest)
  }

  #fullAppender(): LogAppender {
    return (this.#appender ??= loadParts().createAppender(this.#connection))
  }

  /** Tells whether the home is there and this user's alone. */
  #isThere(): boolean {
    return (this.#isUsual ??= isPrivateDirectory(fileSystem.status(this.#connection.home)))
  }

  /** Tells whether a step went as usual. Its error is the driver's to tell, which meets it again. */
  #tryUsual(step: () => boolean): boolean {
    try {
      return this.#isThere() && step()
    } catch {
      return false
    }
  }

  #path(directory: string, name: string): string {
    return entryPath(entryPath(this.#base, directory), name)
  }
}
