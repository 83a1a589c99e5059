import { closestName } from '../base/names/closest-name.js'
import { isObject } from '../base/validation/is-object.js'
import type { CreateDriver, Driver } from '../drivers/driver.js'
import { configuredDriver } from './configured-drivers.js'
import { driverMissing, missingPackage } from './driver-missing.js'
import { baseScheme, DRIVER_PACKAGES, OWN_SCHEMES } from './driver-packages.js'
import { homeConfigPath } from './home-config-file.js'
import { importPackage, packageOf } from './import-package.js'

/** A request for a driver. */
export interface DriverQuery {
  /** The `protocol` of the `URL`, including the colon. */
  readonly protocol: string
  readonly home: string
  /** Where the URL came from: `CLI_OPS_URL`. */
  readonly source: string
}

/**
 * Loads the driver of a scheme: the kit's own package, else the module named in the home's `config.json`, else the package named after
 * the scheme.
 *
 * @throws CliOpsError `DRIVER_MISSING`, with the install command
 * @throws TypeError if no driver has the scheme, or the module is not a driver
 */
export async function loadDriver(query: DriverQuery): Promise<CreateDriver> {
  const own = DRIVER_PACKAGES.get(query.protocol)?.name
  if (own !== undefined) {
    const remedy = 'the URL needs a package:'
    return createDriverOf(own, await importDriver(own, own, remedy))
  }
  const scheme = query.protocol.slice(0, -1)
  const configured = configuredDriver(query.home, scheme)
  if (configured !== undefined) {
    const place = `drivers.${scheme} of ${homeConfigPath(query.home)}`
    const remedy = `${place} needs a package:`
    return checked(place, createDriverOf(place, await importDriver(configured, place, remedy)))
  }
  const names = packagesOf(query.protocol)
  for (const name of names) {
    const module = await importIfInstalled(name)
    if (module !== undefined) return checked(name, createDriverOf(name, module))
  }
  throw noDriver(query, names)
}

function packagesOf(protocol: string): readonly string[] {
  const scheme = baseScheme(protocol)
  return [`@cli-ops/driver-${scheme}`, `cli-ops-driver-${scheme}`]
}

async function importIfInstalled(name: string): Promise<object | undefined> {
  try {
    return await importPackage(name)
  } catch (error) {
    if (missingPackage(error) === name) return undefined
    throw importError(error, name, name, `${name} needs a package:`)
  }
}

async function importDriver(specifier: string, place: string, remedy: string): Promise<object> {
  try {
    return await importPackage(specifier)
  } catch (error) {
    throw importError(error, packageOf(specifier), place, remedy)
  }
}

function importError(error: unknown, name: string, place: string, remedy: string): Error {
  const reason = error instanceof Error ? error.message : String(error)
  return (
    driverMissing(error, name, remedy) ??
    new TypeError(`${place} cannot be loaded: ${reason}`, { cause: error })
  )
}

function createDriverOf(place: string, module: object): CreateDriver {
  const { createDriver } = module as { readonly createDriver?: unknown }
  if (typeof createDriver === 'function') return createDriver as CreateDriver
  const exported = Object.keys(module).join(', ') || 'nothing'
  throw new TypeError(`${place} must export a function createDriver, exports ${exported}`)
}

/** Checks that a third-party driver follows the contract, so that it fails early. */
function checked(place: string, createDriver: CreateDriver): CreateDriver {
  return (options) => {
    const driver: unknown = createDriver(options)
    if (isDriver(driver)) return driver
    const made = driver instanceof Promise ? 'a promise' : 'something else'
    throw new TypeError(
      `createDriver of ${place} must return an object with name, capabilities and close, returned ${made}`,
    )
  }
}

function isDriver(driver: unknown): driver is Driver {
  if (!isObject(driver)) return false
  const { name, capabilities, close } = driver as Partial<Record<keyof Driver, unknown>>
  return typeof name === 'string' && isObject(capabilities) && typeof close === 'function'
}

function noDriver({ protocol, home, source }: DriverQuery, names: readonly string[]): TypeError {
  const meant = closestName(protocol, OWN_SCHEMES)
  const hint = meant === undefined ? '' : `; did you mean ${JSON.stringify(meant)}?`
  return new TypeError(
    `${source} must have a supported scheme, got ${JSON.stringify(protocol)}: "drivers" in ${homeConfigPath(home)} does not name it, and neither ${names.join(' nor ')} is installed${hint}`,
  )
}
