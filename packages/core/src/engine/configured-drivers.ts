import { createRequire } from 'node:module'
import { isAbsolute } from 'node:path'
import { pathToFileURL } from 'node:url'

import { describe } from '../base/names/assert-name.js'
import { assertObject } from '../base/validation/assert-object.js'
import { OWN_SCHEMES } from './driver-packages.js'
import { homeConfigPath, readHomeConfigFile, unusableConfig } from './home-config-file.js'

/** The modules of third-party drivers, by scheme. */
export type ConfiguredDrivers = Readonly<Record<string, string>>

const SCHEME = /^[a-z][a-z0-9+.-]*$/u
const PACKAGE = /^(?:@[\w.-]+\/)?\w[\w.-]*(?:\/.+)?$/u

/**
 * Returns the driver modules from a home's `config.json`, by scheme.
 *
 * @throws TypeError, and CliOpsError `STORAGE_FAILED`, if the file cannot be used
 */
export function configuredDrivers(home: string): ConfiguredDrivers {
  try {
    const { drivers = {} } = readHomeConfigFile(home) ?? {}
    assertDrivers(drivers)
    return drivers
  } catch (error) {
    throw unusableConfig(home, error)
  }
}

/**
 * Returns the module for a scheme from a home's `config.json`, ready to import; `undefined` if there is none. Throws like
 * {@link configuredDrivers}.
 */
export function configuredDriver(home: string, scheme: string): string | undefined {
  const drivers = configuredDrivers(home)
  try {
    const module = Object.hasOwn(drivers, scheme) ? drivers[scheme] : undefined
    return module === undefined || !isPath(module) ? module : resolvePath(home, scheme, module)
  } catch (error) {
    throw unusableConfig(home, error)
  }
}

/** Throws a `TypeError` unless `drivers` names a module for each of its schemes. */
export function assertDrivers(drivers: unknown): asserts drivers is ConfiguredDrivers {
  assertObject('drivers', drivers)
  for (const [scheme, module] of Object.entries(drivers)) {
    if (!SCHEME.test(scheme))
      throw new TypeError(
        `drivers must have schemes such as "etcd" as keys, got ${describe(scheme)}`,
      )
    if (OWN_SCHEMES.has(`${scheme}:`))
      throw new TypeError(`drivers.${scheme} must not be one of the kit's own schemes`)
    if (typeof module !== 'string' || !(isPath(module) || PACKAGE.test(module)))
      throw new TypeError(
        `drivers.${scheme} must be an absolute path, one that begins with ./ or ../ (relative to the home), or a package, got ${describe(module)}`,
      )
  }
}

function isPath(module: string): boolean {
  return isAbsolute(module) || /^\.{1,2}[\\/]/u.test(module)
}

/** A path can omit what `require()` allows, such as a folder's `index.js`. */
function resolvePath(home: string, scheme: string, path: string): string {
  try {
    return pathToFileURL(createRequire(homeConfigPath(home)).resolve(path)).href
  } catch (error) {
    throw new TypeError(`drivers.${scheme} must name an existing file, got ${describe(path)}`, {
      cause: error,
    })
  }
}
