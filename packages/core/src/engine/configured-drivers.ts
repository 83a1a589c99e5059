import { createRequire } from 'node:module'
import { isAbsolute } from 'node:path'
import { pathToFileURL } from 'node:url'

import { describe } from '../base/names/assert-name.js'
import { assertObject } from '../base/validation/assert-object.js'
import { OWN_SCHEMES } from './driver-packages.js'
import { homeConfigPath, readHomeConfigFile, unusableConfig } from './home-config-file.js'

/** The module of each scheme that the kit has no driver for. */
export type ConfiguredDrivers = Readonly<Record<string, string>>

const SCHEME = /^[a-z][a-z0-9+.-]*$/u
const PACKAGE = /^(?:@[\w.-]+\/)?\w[\w.-]*(?:\/.+)?$/u

/**
 * The modules that a home's `config.json` names, by scheme.
 *
 * @throws TypeError, and CliOpsError `STORAGE_FAILED`, where the file cannot be used
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

/** The module that a home's `config.json` names for a scheme, as something to import; `undefined` where it names none. Throws as {@link configuredDrivers}. */
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
        `drivers must have schemes such as "etcd" for keys, got ${describe(scheme)}`,
      )
    if (OWN_SCHEMES.has(`${scheme}:`))
      throw new TypeError(`drivers.${scheme} must be a scheme that the kit has no driver for`)
    if (typeof module !== 'string' || !(isPath(module) || PACKAGE.test(module)))
      throw new TypeError(
        `drivers.${scheme} must be an absolute path, one that begins with ./ or ../ (from the home), or a package, got ${describe(module)}`,
      )
  }
}

function isPath(module: string): boolean {
  return isAbsolute(module) || /^\.{1,2}[\\/]/u.test(module)
}

/** A path may leave out what `require()` lets one leave out, a folder's `index.js` for one. */
function resolvePath(home: string, scheme: string, path: string): string {
  try {
    return pathToFileURL(createRequire(homeConfigPath(home)).resolve(path)).href
  } catch (error) {
    throw new TypeError(`drivers.${scheme} names no file, got ${describe(path)}`, { cause: error })
  }
}
