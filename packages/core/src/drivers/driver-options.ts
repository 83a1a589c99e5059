import type { EngineLimits } from '../options/engine-limits.js'
import { DRIVER_PACKAGES } from './driver-packages.js'
import type { DriverOptions } from './driver.js'
import { readCredentials, readTlsFiles } from './engine-secrets.js'

/** Makes the options of a driver. The URL that it is given holds no credentials, so that it may be shown. */
export function createDriverOptions(
  url: URL,
  { home, namespace }: Pick<DriverOptions, 'home' | 'namespace'>,
  limits: EngineLimits,
): DriverOptions {
  const engine = DRIVER_PACKAGES.get(url.protocol)?.engine ?? url.protocol.slice(0, -1)
  const shown = new URL(url)
  shown.username = ''
  shown.password = ''
  return {
    url: shown,
    home,
    namespace,
    ...limits,
    credentials: () => readCredentials(engine, url),
    tls: () => readTlsFiles(engine),
  }
}
