import type {
  Driver,
  EventBatch,
  EventReader,
  GroupLedger,
  ReaderOptions,
} from '../drivers/driver.js'
import type { DriverHandle, DriverWith } from '../engine/open-driver.js'
import { CliOpsError } from '../base/errors/cli-ops-error.js'
import type { Cursor } from './contract/event-types.js'

/** A reader on any driver: available immediately if the driver is embedded, otherwise once it is open. */
export class EventFeed {
  /** Resolves when the position is fixed. Its rejection counts as handled, so callers can ignore it. */
  readonly ready: Promise<void>
  /** True if `poll` finds everything stored, not only what the engine has sent so far. */
  isEmbedded = false
  /** True if the engine counts the attempts of groups and parks events that they fail on. */
  canPark = false
  #reader: EventReader | undefined
  #closed = false

  /** @throws TypeError for an invalid position on an embedded driver; other errors reject `ready` */
  constructor(handle: DriverHandle<'events'>, options: ReaderOptions) {
    this.ready = this.#open(handle, options)
    this.ready.catch(() => undefined)
  }

  /** Takes the next events or a gap; `undefined` if there are none now. */
  poll(): EventBatch | undefined {
    return this.#closed ? undefined : this.#reader?.poll()
  }

  /** True while a request to the engine for events is unanswered. */
  get isFetching(): boolean {
    return !this.#closed && this.#reader?.isFetching === true
  }

  /** Resolves when `poll` might find something. Call it once the feed is ready. Rejects with the signal's reason once aborted. */
  async wait(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    await this.#reader?.wait(signal)
  }

  /** Stores the cursor of a group. */
  commit(cursor: Cursor): void | Promise<void> {
    return this.#closed ? undefined : this.#reader?.commit(cursor)
  }

  /** Counts the attempts of this group; undefined if the engine cannot, or while another reader is active. */
  get ledger(): GroupLedger | undefined {
    return this.#closed ? undefined : this.#reader?.ledger
  }

  close(): void {
    this.#closed = true
    this.#reader?.close()
  }

  #open(handle: DriverHandle<'events'>, options: ReaderOptions): Promise<void> {
    const driver = handle.now
    if (driver === undefined) {
      return handle.open().then(async (opened) => {
        if (this.#closed) return
        this.canPark = opened.capabilities.parking === true
        this.#reader = openReader(opened, options)
        await this.#reader.ready
      })
    }
    this.isEmbedded = driver.capabilities.synchronous
    this.canPark = driver.capabilities.parking === true
    try {
      this.#reader = openReader(driver, options)
      return this.#reader.ready
    } catch (error) {
      // The caller must fix a wrong argument now; an unusable home must not break the host.
      if (error instanceof TypeError) throw error
      return failed(error)
    }
  }
}

async function failed(error: unknown): Promise<never> {
  throw error
}

function openReader(driver: DriverWith<'events'>, options: ReaderOptions): EventReader {
  const { replay, durableGroups } = driver.capabilities
  if (options.from !== 'latest' && !replay) throw unsupported(driver, 'start in the past')
  if (options.group !== undefined && !durableGroups) throw unsupported(driver, 'be durable')
  return driver.events.openReader(options)
}

function unsupported(driver: Driver, what: string): CliOpsError {
  return new CliOpsError('UNSUPPORTED', `subscriptions cannot ${what} on the ${driver.name} driver`)
}
