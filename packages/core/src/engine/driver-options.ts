import type { EngineLimits } from './engine-limits.js'
import { engineOf } from './driver-packages.js'
import type { DriverOptions } from '../drivers/driver.js'
import { readCredentials, readTlsFiles } from '../drivers/engine-secrets.js'

/**
 * Makes the options of a driver. The URL that it is given holds no credentials, so that it may be shown.
 *
 * @throws TypeError for the URL of a hub that holds more than where it is
 */
export function createDriverOptions(
  url: URL,
  { home, namespace }: Pick<DriverOptions, 'home' | 'namespace'>,
  limits: EngineLimits,
): DriverOptions {
  const engine = engineOf(url.protocol)
  if (engine === 'websocket') assertNoSecret(url)
  assertDecodable(url)
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

/** Addresses stand in logs, histories and lists of processes, so a hub's token is never part of one. */
function assertNoSecret({ protocol, username, password, search }: URL): void {
  if (username === '' && password === '' && search === '') return
  throw new TypeError(
    `a ${protocol}// URL must not have a user name, password or query; give the access key in CLI_OPS_TOKEN, or in a file that CLI_OPS_TOKEN_FILE names`,
  )
}

/** A password is taken as it is by people, and as an escaped text by URLs. */
function assertDecodable({ protocol, username, password }: URL): void {
  try {
    decodeURIComponent(username)
    decodeURIComponent(password)
  } catch {
    throw new TypeError(
      `the user name and the password of a ${protocol}// URL must be percent-encoded: write "%" as %25, or give the password in a variable or a file`,
    )
  }
}
