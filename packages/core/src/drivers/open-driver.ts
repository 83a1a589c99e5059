import { CliOpsError } from '../errors/cli-ops-error.js'
import { type ConnectionOptions, resolveConnection } from '../options/connection-options.js'
import { driverKey } from './driver-key.js'
import { createDisabledDriver } from './disabled/disabled-driver.js'
import type { CreateDriver, Driver, DriverOptions, Primitive } from './driver.js'
import { createLocalDriver } from './local/local-driver.js'
import { createMemoryDriver } from './memory/memory-driver.js'

/** One user's hold on a driver that the whole process shares. */
export interface DriverHandle {
  /** Equal for equal URL, home and namespace; for telling places apart, never shown. */
  readonly key: string
  /** The driver, where it can be used without waiting: an embedded one, or one that is open already. */
  readonly now: Driver | undefined
  /** Resolves to the opened driver. Rejects with `DRIVER_MISSING` or `ENGINE_UNAVAILABLE`. */
  open(): Promise<Driver>
  /** Gives the hold back; the last one closes the driver. Doing it twice does nothing. */
  close(): Promise<void>
}

/** A driver in use: made once for its URL, home and namespace, closed after its last user. */
interface SharedDriver {
  users: number
  driver: Driver | undefined
  opening: Promise<Driver> | undefined
}

const shared = new Map<string, SharedDriver>()

/** Schemes that are part of the core; the others come from packages that only load when asked for. */
const EMBEDDED: ReadonlyMap<string, CreateDriver> = new Map([
  ['local:', createLocalDriver],
  ['memory:', createMemoryDriver],
])

const PACKAGES: ReadonlyMap<string, string> = new Map([
  ['redis:', '@cli-ops/driver-redis'],
  ['rediss:', '@cli-ops/driver-redis'],
  ['amqp:', '@cli-ops/driver-amqp'],
  ['amqps:', '@cli-ops/driver-amqp'],
  ['ws:', '@cli-ops/driver-websocket'],
  ['wss:', '@cli-ops/driver-websocket'],
])

/** Takes a hold on the driver that the options ask for. Validates at once, does no I/O yet. */
export function openDriver(options: ConnectionOptions, primitive: Primitive): DriverHandle {
  const connection = resolveConnection(options)
  if (connection.disabled) return readyHandle(createDisabledDriver())
  const url = parseUrl(connection.urlOf(primitive))
  const driverOptions = { url, home: connection.home, namespace: connection.namespace }
  return shareDriver(driverKey(connection, url.href), driverOptions)
}

function shareDriver(key: string, options: DriverOptions): DriverHandle {
  let entry = shared.get(key)
  if (entry === undefined) {
    const driver = EMBEDDED.get(options.url.protocol)?.(options)
    entry = { users: 0, driver, opening: undefined }
    shared.set(key, entry)
  }
  const used = entry
  used.users += 1
  let closed = false
  return {
    key,
    get now() {
      return used.driver
    },
    async open() {
      if (closed) throw new CliOpsError('CLOSED', 'this object was closed before the call')
      return used.driver ?? (used.opening ??= loadAndOpen(used, options))
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

async function loadAndOpen(entry: SharedDriver, options: DriverOptions): Promise<Driver> {
  try {
    const createDriver = await loadDriverPackage(options.url.protocol)
    const driver = createDriver(options)
    await driver.open?.()
    entry.driver = driver
    return driver
  } catch (error) {
    // The next call tries again: the engine may be back, or the package installed.
    entry.opening = undefined
    throw error
  }
}

async function loadDriverPackage(protocol: string): Promise<CreateDriver> {
  const name = PACKAGES.get(protocol) ?? ''
  try {
    const loaded = (await import(name)) as { readonly createDriver: CreateDriver }
    return loaded.createDriver
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error
    throw new CliOpsError('DRIVER_MISSING', `${protocol}// needs a package: npm install ${name}`, {
      cause: error,
      details: { package: name },
    })
  }
}

function parseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url !== undefined && (EMBEDDED.has(url.protocol) || PACKAGES.has(url.protocol))) return url
  const schemes = [...EMBEDDED.keys(), ...PACKAGES.keys()].join(', ')
  // The URL may hold a password, so only its scheme is shown.
  throw new TypeError(`url must begin with one of ${schemes} got ${JSON.stringify(schemeOf(text))}`)
}

function schemeOf(text: string): string {
  return /^[a-z][a-z0-9+.-]*:/iu.exec(text)?.[0] ?? 'no scheme'
}

/** A hold on a driver that is shared with nobody. */
export function readyHandle(driver: Driver): DriverHandle {
  return {
    key: driver.name,
    now: driver,
    open: () => Promise.resolve(driver),
    close: () => driver.close(),
  }
}
