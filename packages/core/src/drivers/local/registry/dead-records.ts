import { debug } from '../../../base/terminal/message.js'
import { DEFAULT_RETENTION } from '../../../events/contract/default-retention.js'
import { killedEventJson } from '../../../events/contract/killed-event.js'
import { formatIdentity, ownIdentity } from '../../../base/process/process-identity.js'
import type { ServiceRecord } from '../../../registry/contract/registry-driver.js'
import { createLogAppender } from '../events/log-appender.js'
import { findStoredEvents } from '../events/stored-events.js'
import type { Home } from '../home/home.js'
import { DeadSockets } from '../rpc/socket-path.js'
import type { RecordFileName } from './record-file-name.js'
import type { RecordLiveness } from './record-liveness.js'
import type { RecordStore } from './record-store.js'
import { type SettlingFileName, settlingFileName } from './settling-file-name.js'

/** A record that this process has taken in order to settle it. */
interface Taken {
  readonly record: ServiceRecord
  readonly settling: string
  /** Its previous name. */
  readonly before: string
}

/**
 * Removes what provably dead processes left: their sockets, then their records. If a record names commands in progress, `command:failed`
 * with `exitCode: null` is stored first on behalf of the dead process, once, however many processes notice at the same time.
 *
 * A process settles a record by renaming it to a name with its own identity. If it dies in between, the next process takes the
 * record over in the same way, and finds in the log what is already stored. If the log cannot be written, the record stays.
 */
export class DeadRecords {
  readonly #home: Home
  readonly #store: RecordStore
  readonly #liveness: RecordLiveness
  readonly #sockets: DeadSockets
  readonly #own = formatIdentity(ownIdentity())
  readonly #taken: Taken[] = []
  readonly #removed: ServiceRecord[] = []

  constructor(home: Home, store: RecordStore, liveness: RecordLiveness) {
    this.#home = home
    this.#store = store
    this.#liveness = liveness
    this.#sockets = new DeadSockets(home)
  }

  /** Removes the record of a dead process, or takes it if something has to be stored for it. */
  take(file: RecordFileName): void {
    if (file.temporary) {
      this.#store.collect(file)
      return
    }
    const record = this.#store.read(file)
    if (record === undefined) return
    // The record goes last: while it exists, another process continues an interrupted clean-up.
    this.#sockets.remove(file.instance, record.endpoint)
    // Network file systems hold no log.
    if (record.commands === undefined || !this.#home.isLocal) {
      if (this.#store.collect(file)) this.#removed.push(record)
      return
    }
    const settling = settlingFileName(file, this.#own)
    if (this.#store.move(file.fileName, settling))
      this.#taken.push({ record, settling, before: file.fileName })
  }

  /**
   * Continues with a record whose settler is dead, or that this process could not finish before; leaves it to any other settler.
   */
  takeOver(file: SettlingFileName): void {
    if (file.identityText !== this.#own && this.#liveness.of(file) !== 'dead') return
    const settling = settlingFileName(file, this.#own)
    if (settling !== file.fileName && !this.#store.move(file.fileName, settling)) return
    const record = this.#store.read({ ...file, fileName: settling })
    if (record !== undefined) this.#taken.push({ record, settling, before: file.fileName })
  }

  /** Stores what is missing for all taken records, and removes them. Returns every removed record. */
  settle(): readonly ServiceRecord[] {
    const taken = this.#taken.splice(0)
    try {
      this.#storeMissing(taken.map(({ record }) => record))
    } catch (error) {
      debug(() => `cannot store how commands ended that were killed: ${String(error)}`)
      for (const { settling, before } of taken)
        if (settling !== before) this.#store.move(settling, before)
      return this.#removed
    }
    for (const { record, settling } of taken)
      if (this.#store.collect({ fileName: settling })) this.#removed.push(record)
    return this.#removed
  }

  #storeMissing(records: readonly ServiceRecord[]): void {
    const open = records.flatMap((record) =>
      (record.commands ?? []).map((command) => ({ record, command })),
    )
    if (open.length === 0) return
    const { fileSystem, paths } = this.#home
    const ids = new Set(open.map(({ command }) => command.endId))
    // All of them are dead: everything they stored is there by now.
    const sinceMs = Math.min(...open.map(({ command }) => command.startedAt))
    const stored = findStoredEvents(fileSystem, paths.events, ids, sinceMs)
    const missing = open.filter(({ command }) => !stored.has(command.endId))
    if (missing.length === 0) return
    const log = createLogAppender(this.#home)
    try {
      const events = missing.map(({ record, command }) => ({
        json: killedEventJson(record, command),
      }))
      log.appendSync(events, { retention: DEFAULT_RETENTION, durable: false })
    } finally {
      log.close()
    }
  }
}
