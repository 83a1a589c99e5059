import type { MaybePromise } from '../base/wait/maybe-promise.js'
import type { OpenCommand, RecordKeeper, ServiceRecord } from './contract/registry-driver.js'
import { atExit } from '../base/process/at-exit.js'
import { ownProcess } from '../base/process/own-process.js'
import { definite } from '../base/validation/definite.js'

/** What one part of this process says about the instance. Later contributions win over earlier ones, field by field. */
export interface Contribution {
  /** Made through a `ServiceRegistry`, and taken back by any of them. */
  readonly isRegistration?: boolean | undefined
  readonly version?: string | undefined
  /** Milliseconds since the epoch. @default when the process started */
  readonly startedAt?: number | undefined
  /** Claims the record's endpoint for a server: `''` while it is not listening yet. */
  readonly endpoint?: string | undefined
  /** The commands in progress; the lifecycle alone knows them. */
  readonly commands?: readonly OpenCommand[] | undefined
  readonly metadata?: Readonly<Record<string, unknown>> | undefined
}

/**
 * One record of this process. It is stored with the first contribution, replaced with every further one, and removed with
 * the last, or when the process exits; after a crash the next process to look removes it.
 */
export class OwnRecord {
  readonly name: string
  readonly instance: string
  readonly #onEmpty: () => void
  readonly #contributions = new Map<object, Contribution>()
  #forgetExit: (() => void) | undefined
  /** The end of the last write, where writes take time: they must not overtake each other. */
  #writing: Promise<void> | undefined

  constructor(name: string, instance: string, onEmpty: () => void) {
    this.name = name
    this.instance = instance
    this.#onEmpty = onEmpty
  }

  /** True where a server has put its endpoint here, or is about to. */
  get isClaimed(): boolean {
    return [...this.#contributions.values()].some(({ endpoint }) => endpoint !== undefined)
  }

  /** Everybody who has contributed and not taken it back. */
  get owners(): object[] {
    return [...this.#contributions.keys()]
  }

  /** What an owner has contributed so far. */
  contributionOf(owner: object): Contribution | undefined {
    return this.#contributions.get(owner)
  }

  /** Goes on with a contribution that is stored already. */
  adopt(owner: object, contribution: Contribution): void {
    this.#contributions.set(owner, contribution)
  }

  /** Sets or replaces an owner's contribution and stores the record. Where that fails, nothing has changed. */
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

  /** Takes an owner's contribution back; the last one takes the record with it. */
  remove(owner: object, driver: RecordKeeper): MaybePromise<void> {
    if (!this.#contributions.has(owner)) return undefined
    this.#drop(owner)
    return this.#store(driver)
  }

  /** Stores the record again where somebody has removed it: a clean-up script, or a home that was made anew. */
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
    }
  }
}
