import { closestName } from '../base/names/closest-name.js'
import { configuredDriver } from './configured-drivers.js'
import { missingError } from './driver-missing.js'
import { baseScheme, DRIVER_PACKAGES, OWN_SCHEMES } from './driver-packages.js'
import { homeConfigPath } from './home-config-file.js'
import { isInstalled } from './is-installed.js'
import { parseEngineUrl } from './parse-engine-url.js'
import { sourceOf } from './url-source.js'

/** A request for a driver. */
export interface DriverQuery {
  /** The `protocol` of the `URL`, including the colon. */
  readonly protocol: string
  readonly home: string
  /** Where the URL came from: `CLI_OPS_URL`. */
  readonly source: string
}

export const URL_NEEDS_PACKAGE = 'the URL needs a package:'

/**
 * Checks, without loading it, that a URL has a driver that is installed. Loading reports what is wrong with the driver itself.
 *
 * @param file the file of the kit that will load it
 * @throws CliOpsError `DRIVER_MISSING`, and TypeError for a scheme without a driver, as `loadDriver`
 */
export function assertDriver(home: string, url: string, file: string): void {
  const protocol = parseEngineUrl(url)?.protocol
  // What is not a URL is refused where it is opened.
  if (protocol === undefined || protocol === 'local:' || protocol === 'memory:') return
  const own = DRIVER_PACKAGES.get(protocol)?.name
  if (own !== undefined) {
    if (!isInstalled(own, file)) throw missingError(own, own, URL_NEEDS_PACKAGE)
    return
  }
  if (configuredDriver(home, protocol.slice(0, -1)) !== undefined) return
  const names = packagesOf(protocol)
  if (!names.some((name) => isInstalled(name, file)))
    throw noDriver({ protocol, home, source: sourceOf(url) }, names)
}

export function packagesOf(protocol: string): readonly string[] {
  const scheme = baseScheme(protocol)
  return [`@cli-ops/driver-${scheme}`, `cli-ops-driver-${scheme}`]
}

export function noDriver(
  { protocol, home, source }: DriverQuery,
  names: readonly string[],
): TypeError {
  const meant = closestName(protocol, OWN_SCHEMES)
  const hint = meant === undefined ? '' : `; did you mean ${JSON.stringify(meant)}?`
  return new TypeError(
    `${source} must have a supported scheme, got ${JSON.stringify(protocol)}: "drivers" in ${homeConfigPath(home)} does not name it, and neither ${names.join(' nor ')} is installed${hint}`,
  )
}
