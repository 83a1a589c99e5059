import type { MaybePromise } from '../base/wait/maybe-promise.js'
import type { OpenCommand, RecordKeeper, ServiceRecord } from './contract/registry-driver.js'
import { atExit } from '../base/process/at-exit.js'
import { ownProcess } from '../base/process/own-process.js'
import { definite } from '../base/validation/definite.js'

/** What one part of this process adds to the record of the instance. Later contributions override earlier ones, field by field. */
export interface Contribution {
  /** Made through a `ServiceRegistry`; any of them can withdraw it. */
  readonly isRegistration?: boolean | undefined
  readonly version?: string | undefined
  /** Milliseconds since the epoch. @default when the process started */
  readonly startedAt?: number | undefined
  /** Claims the record's endpoint for a server: `''` while it is not listening yet. */
  readonly endpoint?: string | undefined
  /** The commands in progress; only the lifecycle knows them. */
  readonly commands?: readonly OpenCommand[] | undefined
  readonly metadata?: Readonly<Record<string, unknown>> | undefined
}

/**
 * One record of this process. The first contribution stores it, further ones replace it, and it is removed with the last, or when the
 * process exits. After a crash, the next process that reads it removes it.
 */
export class OwnRecord {
  readonly name: string
  readonly instance: string
  readonly #onEmpty: () => void
  readonly #contributions = new Map<object, Contribution>()
  #forgetExit: (() => void) | undefined
  /** The last write, on asynchronous drivers: writes must not overtake each other. */
  #writing: Promise<void> | undefined

  constructor(name: string, instance: string, onEmpty: () => void) {
    this.name = name
    this.instance = instance
    this.#onEmpty = onEmpty
  }

  /** True if a server has set its endpoint here, or is about to. */
  get isClaimed(): boolean {
    return [...this.#contributions.values()].some(({ endpoint }) => endpoint !== undefined)
  }

  /** The owners of current contributions. */
  get owners(): object[] {
    return [...this.#contributions.keys()]
  }

  /** Returns an owner's contribution so far. */
  contributionOf(owner: object): Contribution | undefined {
    return this.#contributions.get(owner)
  }

  /** Adopts a contribution that is already stored. */
  adopt(owner: object, contribution: Contribution): void {
    this.#contributions.set(owner, contribution)
  }

  /** Sets or replaces an owner's contribution and stores the record. If that fails, nothing has changed. */
  set(owner: object, contribution: Contribution, driver: RecordKeeper): MaybePromise<void> {
    const previous = this.#contributions.get(owner)
    this.#contributions.set(owner, contribution)
    const undo = (error: unknown): never => {
      if (previous !== undefined) this.#contributions.set(owner, previous)
      else this.#drop(owner)
      throw error
    }
    try {
      const writing = this.#store(driver)
      return writing?.catch(undo)
    } catch (error) {
      return undo(error)
    }
  }

  /** Withdraws an owner's contribution; with the last one, the record is removed. */
  remove(owner: object, driver: RecordKeeper): MaybePromise<void> {
    if (!this.#contributions.has(owner)) return undefined
    this.#drop(owner)
    return this.#store(driver)
  }

  /** Stores the record again if it is gone: a script cleaned up, or the home was recreated. */
  restore(driver: RecordKeeper): MaybePromise<void> {
    if (this.#contributions.size === 0 || driver.hasSync === undefined) return undefined
    return driver.hasSync(this.name, this.instance) ? undefined : this.#store(driver)
  }

  #drop(owner: object): void {
    this.#contributions.delete(owner)
    if (this.#contributions.size === 0) this.#onEmpty()
  }

  #store(driver: RecordKeeper): Promise<void> | undefined {
    if (driver.registerSync !== undefined && driver.unregisterSync !== undefined) {
      const { name, instance } = this
      if (this.#contributions.size > 0) driver.registerSync(this.#toRecord())
      else driver.unregisterSync(name, instance)
      this.#tidyAtExit(driver)
      return undefined
    }
    const write = async (): Promise<void> => {
      if (this.#contributions.size > 0) await driver.register(this.#toRecord())
      else await driver.unregister(this.name, this.instance)
    }
    const writing = (this.#writing ?? Promise.resolve()).then(write)
    this.#writing = writing.catch(() => undefined)
    return writing
  }

  #tidyAtExit(driver: RecordKeeper): void {
    if (this.#contributions.size === 0) {
      this.#forgetExit?.()
      this.#forgetExit = undefined
    } else {
      this.#forgetExit ??= atExit(() => driver.unregisterSync?.(this.name, this.instance))
    }
  }

  #toRecord(): ServiceRecord {
    let merged: Contribution = { startedAt: ownProcess().startedAt.getTime() }
    let metadata: Record<string, unknown> = {}
    for (const contribution of this.#contributions.values()) {
      merged = { ...merged, ...definite(contribution) }
      metadata = { ...metadata, ...contribution.metadata }
    }
    const { version, startedAt = 0, endpoint, commands } = merged
    return {
      name: this.name,
      instance: this.instance,
      pid: process.pid,
      version,
      startedAt: Math.round(startedAt),
      endpoint: endpoint === '' ? undefined : endpoint,
      commands,
      metadata,
    } satisfies Record<keyof ServiceRecord, unknown>
  }
}
