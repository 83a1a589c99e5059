import { CliOpsError } from '../base/errors/cli-ops-error.js'
import {
  type ConnectionOptions,
  type ConnectionUrl,
  resolveConnection,
} from './connection-options.js'
import { resolveEngineLimits } from './engine-limits.js'
import { connectDriver } from './connect-driver.js'
import { driverKey } from './driver-key.js'
import { createDisabledDriver } from '../drivers/disabled/disabled-driver.js'
import type { CreateDriver, Driver, DriverOptions, Primitive } from '../drivers/driver.js'
import { createDriverOptions } from './driver-options.js'
import { parseEngineUrl } from './parse-engine-url.js'
import { sourceOf } from './url-source.js'
import { createLocalDriver } from '../drivers/local/local-driver.js'
import { createMemoryDriver } from '../drivers/memory/memory-driver.js'
import { closedError } from '../base/errors/closed-error.js'

/** One user's handle on a driver that the whole process shares. */
export interface DriverHandle<Name extends Primitive> {
  /** Equal for equal URL, home and namespace. Identifies a place; never shown. */
  readonly key: string
  /** The driver, if it can be used without waiting: an embedded one, or one that is already open. */
  readonly now: DriverWith<Name> | undefined
  /**
   * Resolves to the opened driver. Rejects with `DRIVER_MISSING`, `ENGINE_UNAVAILABLE`, or `UNSUPPORTED` if the engine cannot provide
   * the primitive.
   */
  open(): Promise<DriverWith<Name>>
  /** Releases the handle; the last one closes the driver. A second call does nothing. */
  close(): Promise<void>
}

/** A driver that provides a primitive. */
export type DriverWith<Name extends Primitive> = Driver & Required<Pick<Driver, Name>>

/** A driver in use: created once per URL, home and namespace, closed after its last user. */
interface SharedDriver {
  users: number
  driver: Driver | undefined
  opening: Promise<Driver> | undefined
}

/** What is needed to create a driver. */
interface DriverSource {
  readonly options: DriverOptions
  load(this: void): Promise<CreateDriver>
}

const shared = new Map<string, SharedDriver>()

/** Schemes that are part of the core; the others come from packages that are loaded on demand. */
const EMBEDDED: ReadonlyMap<string, CreateDriver> = new Map([
  ['local:', createLocalDriver],
  ['memory:', createMemoryDriver],
])

/** Returns a handle on the driver that the options require. Validates them immediately but does no I/O yet. */
export function openDriver<Name extends Primitive>(
  options: ConnectionOptions,
  primitive: Name,
): DriverHandle<Name> {
  const connection = resolveConnection(options)
  if (connection.disabled) return readyHandle(createDisabledDriver(), primitive)
  const text = connection.urlOf(primitive)
  const url = parseUrl(text, options.url)
  const limits = resolveEngineLimits(options)
  const isEmbedded = EMBEDDED.has(url.protocol)
  // Two users with different limits on an engine get separate drivers.
  const key = isEmbedded ? url.href : `${url.href} ${limits.timeoutMs} ${limits.leaseMs}`
  const driverOptions = createDriverOptions(url, connection, limits)
  const load = (): Promise<CreateDriver> =>
    loadFor(url.protocol, connection.home, sourceOf(text, options.url))
  return shareDriver(driverKey(connection, key), { options: driverOptions, load }, primitive)
}

function shareDriver<Name extends Primitive>(
  key: string,
  source: DriverSource,
  primitive: Name,
): DriverHandle<Name> {
  let entry = shared.get(key)
  if (entry === undefined) {
    const driver = EMBEDDED.get(source.options.url.protocol)?.(source.options)
    entry = { users: 0, driver, opening: undefined }
    shared.set(key, entry)
  }
  const used = entry
  used.users += 1
  let closed = false
  return {
    key,
    get now() {
      return used.driver !== undefined && provides(used.driver, primitive) ? used.driver : undefined
    },
    async open() {
      if (closed) throw closedError('this object')
      const driver = used.driver ?? (await (used.opening ??= loadAndOpen(used, source)))
      if (provides(driver, primitive)) return driver
      throw unsupportedError(driver, primitive)
    },
    async close() {
      if (closed) return
      closed = true
      used.users -= 1
      if (used.users > 0) return
      if (shared.get(key) === used) shared.delete(key)
      await (used.driver ?? (await used.opening?.catch(() => undefined)))?.close()
    },
  }
}

/** The loader is itself loaded on demand: most commands do not need it. */
async function loadFor(protocol: string, home: string, source: string): Promise<CreateDriver> {
  const { loadDriver } = await import('./load-driver.js')
  return loadDriver({ protocol, home, source })
}

async function loadAndOpen(entry: SharedDriver, { options, load }: DriverSource): Promise<Driver> {
  try {
    entry.driver = await connectDriver(await load(), options)
    return entry.driver
  } catch (error) {
    // The next call tries again: the engine might be back, or the package installed.
    entry.opening = undefined
    throw error
  }
}

function provides<Name extends Primitive>(
  driver: Driver,
  primitive: Name,
): driver is DriverWith<Name> {
  return driver[primitive] !== undefined
}

function unsupportedError({ name, instead }: Driver, primitive: Primitive): CliOpsError {
  const remedy = instead?.[primitive] ?? `give ${primitive} a separate URL`
  return new CliOpsError('UNSUPPORTED', `the ${name} driver has no ${primitive}; ${remedy}`, {
    details: { driver: name, primitive },
  })
}

function parseUrl(text: string, given: ConnectionUrl | undefined): URL {
  // Opening it reports a scheme without a driver.
  const url = parseEngineUrl(text)
  if (url !== undefined) return url
  // The URL can contain a password, so only its scheme is shown.
  throw new TypeError(
    `${sourceOf(text, given)} must be a URL such as redis://host:6379, got one with ${schemeOf(text)}`,
  )
}

function schemeOf(text: string): string {
  // Of `host:port`, the host is not a scheme.
  const [scheme] = /^[a-z][a-z0-9+.-]*:(?!\d)/iu.exec(text) ?? []
  return scheme === undefined ? 'no scheme' : `the scheme ${JSON.stringify(scheme)}`
}

/** Returns a handle on a driver that is not shared. */
export function readyHandle<Name extends Primitive>(
  driver: Driver,
  primitive: Name,
): DriverHandle<Name> {
  if (!provides(driver, primitive)) throw unsupportedError(driver, primitive)
  return {
    key: driver.name,
    now: driver,
    open: () => Promise.resolve(driver),
    close: () => driver.close(),
  }
}
