import type { EngineLimits } from './engine-limits.js'
import { engineOf } from './driver-packages.js'
import type { DriverOptions } from '../drivers/driver.js'
import { readCredentials, readTlsFiles } from '../drivers/engine-secrets.js'

/**
 * Creates the options of a driver. Its URL contains no credentials, so it is safe to show.
 *
 * @throws TypeError for a hub URL that contains more than the address
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

/** Addresses appear in logs, shell histories and process lists, so they must not contain a hub's token. */
function assertNoSecret({ protocol, username, password, search }: URL): void {
  if (username === '' && password === '' && search === '') return
  throw new TypeError(
    `a ${protocol}// URL must not have a user name, password or query; give the access key in CLI_OPS_TOKEN, or in a file that CLI_OPS_TOKEN_FILE names`,
  )
}

/** People write a password unescaped; URLs expect percent-encoding. */
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
