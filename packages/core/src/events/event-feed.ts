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

/** A reader on whatever driver: at once where it is embedded, once it is open where it is not. */
export class EventFeed {
  /** Resolves when the position is fixed. Handled here as well, so that nobody has to look at it. */
  readonly ready: Promise<void>
  /** True where `poll` finds all that is stored, and not only what the engine has sent so far. */
  isEmbedded = false
  /** True where the engine counts the attempts of groups and parks what they fail on. */
  canPark = false
  #reader: EventReader | undefined
  #closed = false

  /** @throws TypeError for an invalid position on an embedded driver; other errors reject `ready` */
  constructor(handle: DriverHandle<'events'>, options: ReaderOptions) {
    this.ready = this.#open(handle, options)
    this.ready.catch(() => undefined)
  }

  /** Takes the next events or a gap; `undefined` where nothing is there now. */
  poll(): EventBatch | undefined {
    return this.#closed ? undefined : this.#reader?.poll()
  }

  /** True while the engine was asked for what is there and has not answered. */
  get isFetching(): boolean {
    return !this.#closed && this.#reader?.isFetching === true
  }

  /** Resolves when `poll` may find something; to be called once it is ready. Rejects with the signal's reason once aborted. */
  async wait(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    await this.#reader?.wait(signal)
  }

  /** Stores the cursor of a group. */
  commit(cursor: Cursor): void | Promise<void> {
    return this.#closed ? undefined : this.#reader?.commit(cursor)
  }

  /** Where the attempts of this group are counted; undefined where the engine cannot, or while another reader is active. */
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
      // A wrong argument is the caller's to mend now; a home that cannot be used must not break the host.
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
  if (options.from !== 'latest' && !replay) throw unsupported(driver, 'begin in the past')
  if (options.group !== undefined && !durableGroups) throw unsupported(driver, 'be durable')
  return driver.events.openReader(options)
}

function unsupported(driver: Driver, what: string): CliOpsError {
  return new CliOpsError('UNSUPPORTED', `subscriptions cannot ${what} on the ${driver.name} driver`)
}
