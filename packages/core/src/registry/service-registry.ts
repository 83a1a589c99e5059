import { assertKnown } from '../base/validation/assert-known.js'
import { CONNECTION_FIELDS, FIELDS_OF_OTHERS } from '../engine/connection-fields.js'
import { ownProcess } from '../base/process/own-process.js'
import { type DriverHandle, openDriver } from '../engine/open-driver.js'
import { assertSignal } from '../base/validation/assert-signal.js'
import { untilAborted } from '../base/wait/race.js'
import { assertName, describe } from '../base/names/assert-name.js'
import type { ConnectionOptions } from '../engine/connection-options.js'
import { type ServiceMetadata, toContribution } from './assert-metadata.js'
import { ownRecord, ownRecordsIn, type RegistryContext } from './own-records.js'
import { Registration } from './registration.js'
import type { ServiceChange, ServiceFilter, ServiceInfo } from './contract/service-types.js'
import { ServiceWatch } from './service-watch.js'
import { closedError } from '../base/errors/closed-error.js'

/** Options of a {@link ServiceRegistry}. */
export type ServiceRegistryOptions = ConnectionOptions

/** Options of the asynchronous methods of a {@link ServiceRegistry}. */
export interface RegistryCallOptions {
  readonly signal?: AbortSignal | undefined
  /**
   * Leaves the records of dead processes alone. By default, a query also removes them and stores the last events of killed commands.
   * @default false
   */
  readonly readOnly?: boolean | undefined
}

const CALL_OPTIONS = Object.keys({
  signal: true,
  readOnly: true,
} satisfies Record<keyof RegistryCallOptions, true>)

/**
 * Registers this process and finds other running CLIs.
 *
 * @example
 * const registry = new ServiceRegistry()
 * await registry.register('cli-alpha', { pid: process.pid, version: '1.0.0', startedAt: Date.now() })
 * for (const { name, pid, state } of await registry.discover()) console.log(name, pid, state)
 */
export class ServiceRegistry {
  /** Kept where the bundle renames classes: Node shows it for an object and in a stack. */
  static readonly name = 'ServiceRegistry'
  readonly #handle: DriverHandle<'registry'>
  readonly #watches = new Set<ServiceWatch>()
  #closing: Promise<void> | undefined

  /** Does not touch disk or network yet. @throws TypeError for invalid options */
  constructor(options: ServiceRegistryOptions = {}) {
    assertKnown('options', options, Object.keys(CONNECTION_FIELDS), FIELDS_OF_OTHERS)
    this.#handle = openDriver(options, 'registry')
  }

  /**
   * Announces this process under a name. Doing so again merges the fields. The record is removed on `unregister`, when this registry
   * is closed, and when the process exits; after a crash it is never shown.
   *
   * @throws TypeError for an invalid name or metadata
   * @throws CliOpsError `STORAGE_FAILED`, `INSECURE_DIRECTORY`, `ENGINE_UNAVAILABLE`, `CLOSED`
   */
  async register(
    name: string,
    metadata: ServiceMetadata | object = {},
    options: RegistryCallOptions = {},
  ): Promise<Registration> {
    assertName('name', name)
    const contribution = toContribution(metadata)
    const context = await this.#open(options)
    // Closed meanwhile: nothing would remove the record before the process ends.
    this.#assertOpen()
    const record = ownRecord(context, name)
    const previous = record.contributionOf(this)
    await record.set(
      this,
      {
        isRegistration: true,
        version: contribution.version ?? previous?.version,
        startedAt: contribution.startedAt ?? previous?.startedAt,
        metadata: { ...previous?.metadata, ...contribution.metadata },
      },
      context.driver,
    )
    return new Registration(this, name, record.instance)
  }

  /**
   * Removes a registration by name, whichever `ServiceRegistry` of this process made it. If the process also serves requests under
   * that name, the record stays until it stops. An unknown name is not an error.
   */
  async unregister(name: string, options: RegistryCallOptions = {}): Promise<void> {
    assertName('name', name)
    const context = await this.#open(options)
    for (const record of ownRecordsIn(context)) {
      if (record.name !== name) continue
      for (const owner of record.owners) {
        if (record.contributionOf(owner)?.isRegistration === true)
          await record.remove(owner, context.driver)
      }
    }
  }

  /**
   * Resolves to the running instances, oldest first, and marks the hung ones: suspended, or without an answer within 300 ms. Never
   * includes instances of dead processes. Leaves out this process unless `includeSelf` is set.
   */
  async discover(
    filter: ServiceFilter = {},
    options: RegistryCallOptions = {},
  ): Promise<ServiceInfo[]> {
    assertFilter(filter)
    const context = await this.#open(options)
    const services = await untilAborted(
      Promise.resolve(
        context.driver.discover({ name: filter.name, probe: true, readOnly: options.readOnly }),
      ),
      options.signal,
    )
    return this.#select(context, services, filter)
  }

  /**
   * Reports instances as they come and go, starting with the running ones. A killed process is noticed within a second. A pending
   * `next()` keeps the process alive; nothing is left after the loop ends.
   */
  watch(
    filter: ServiceFilter = {},
    options: RegistryCallOptions = {},
  ): AsyncIterableIterator<ServiceChange> {
    assertFilter(filter)
    assertKnown('options', options, CALL_OPTIONS)
    const watch = new ServiceWatch(
      async () => {
        const context = await this.#open({})
        const look = async (): Promise<ServiceInfo[]> =>
          this.#select(
            context,
            await context.driver.discover({ name: filter.name, probe: false }),
            filter,
          )
        return {
          look,
          listen: (listener) => context.driver.watch(listener),
          reportsDeaths: context.driver.reportsDeaths === true,
        }
      },
      options.signal,
      (ended) => this.#watches.delete(ended),
    )
    this.#watches.add(watch)
    return watch
  }

  /** Removes the records of dead processes and resolves to them. */
  async cleanDeadProcesses(options: RegistryCallOptions = {}): Promise<ServiceInfo[]> {
    const { driver } = await this.#open(options)
    return driver.clean()
  }

  /** Removes everything that this object registered and ends its watches. Further calls wait for the same end. */
  close(): Promise<void> {
    return (this.#closing ??= this.#close())
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #close(): Promise<void> {
    for (const watch of this.#watches) await watch.return()
    try {
      const driver = this.#handle.now?.registry
      if (driver !== undefined)
        for (const record of ownRecordsIn(this.#handle)) await record.remove(this, driver)
    } finally {
      // An engine that is away keeps the record until its lease ends, but must not keep this process.
      await this.#handle.close()
    }
  }

  #select(context: RegistryContext, services: ServiceInfo[], filter: ServiceFilter): ServiceInfo[] {
    if (filter.includeSelf === true) return services
    // If all instances live in one process, only what this object registered is "this process".
    const own = ownRecordsIn(context).filter(
      (record) => context.driver.inProcess !== true || record.contributionOf(this) !== undefined,
    )
    // On an engine, another process can keep the common record.
    const ownInstances = new Set([ownProcess().instance, ...own.map(({ instance }) => instance)])
    return services.filter(({ instance }) => !ownInstances.has(instance))
  }

  async #open(options: RegistryCallOptions): Promise<RegistryContext> {
    assertKnown('options', options, CALL_OPTIONS)
    const { signal } = options
    assertSignal(signal)
    signal?.throwIfAborted()
    this.#assertOpen()
    const { registry: driver } =
      this.#handle.now ?? (await untilAborted(this.#handle.open(), signal))
    signal?.throwIfAborted()
    return { key: this.#handle.key, driver }
  }

  #assertOpen(): void {
    if (this.#closing !== undefined) throw closedError('this ServiceRegistry')
  }
}

function assertFilter(filter: ServiceFilter): void {
  assertKnown('filter', filter, ['name', 'includeSelf'])
  if (filter.name !== undefined) assertName('filter.name', filter.name)
  if (filter.includeSelf !== undefined && typeof filter.includeSelf !== 'boolean')
    throw new TypeError(
      `filter.includeSelf must be true or false, got ${describe(filter.includeSelf)}`,
    )
}
