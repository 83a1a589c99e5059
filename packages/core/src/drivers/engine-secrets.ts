import { readFileSync } from 'node:fs'

import { CliOpsError } from '../base/errors/cli-ops-error.js'

/** Who a driver says it is. */
export interface Credentials {
  readonly username: string | undefined
  readonly password: string | undefined
}

/** What a driver needs for TLS beyond Node's own list of authorities: PEM texts, for `tls.connect`. */
export interface TlsFiles {
  readonly ca?: Buffer
  readonly cert?: Buffer
  readonly key?: Buffer
  /** Name in the server's certificate, where it is not the host of the URL. */
  readonly servername?: string
}

/**
 * Reads the credentials of an engine: of the URL, else of `CLI_OPS_<ENGINE>_USERNAME`, `CLI_OPS_<ENGINE>_PASSWORD` and
 * the file that `CLI_OPS_<ENGINE>_PASSWORD_FILE` names; of a hub `CLI_OPS_TOKEN` and `CLI_OPS_TOKEN_FILE`. A file is read at each call, so that a password that was changed
 * is known at the next connection.
 *
 * @throws CliOpsError `ENGINE_UNAVAILABLE` where the file cannot be read
 */
export function readCredentials(engine: string, url: URL, env = process.env): Credentials {
  const prefix = `CLI_OPS_${engine.toUpperCase()}`
  // A hub has access keys, which are no engine's passwords.
  const [variable, fileVariable] =
    engine === 'websocket'
      ? (['CLI_OPS_TOKEN', 'CLI_OPS_TOKEN_FILE'] as const)
      : ([`${prefix}_PASSWORD`, `${prefix}_PASSWORD_FILE`] as const)
  const password =
    decodeURIComponent(url.password) ||
    env[variable] ||
    // Editors and shells end a file with a line break, which no password has.
    readSecret(fileVariable, env)
      ?.toString('utf8')
      .replace(/\r?\n$/u, '')
  const username = decodeURIComponent(url.username) || env[`${prefix}_USERNAME`]
  return { username: username || undefined, password: password || undefined }
}

/**
 * Reads what `CLI_OPS_<ENGINE>_TLS_CA_FILE`, `…_TLS_CERT_FILE`, `…_TLS_KEY_FILE` and `…_TLS_SERVERNAME` say. There is no
 * switch that turns the check of certificates off.
 *
 * @throws CliOpsError `ENGINE_UNAVAILABLE` where a file cannot be read
 */
export function readTlsFiles(engine: string, env = process.env): TlsFiles {
  const prefix = `CLI_OPS_${engine.toUpperCase()}`
  const ca = readSecret(`${prefix}_TLS_CA_FILE`, env)
  const cert = readSecret(`${prefix}_TLS_CERT_FILE`, env)
  const key = readSecret(`${prefix}_TLS_KEY_FILE`, env)
  const servername = env[`${prefix}_TLS_SERVERNAME`]
  return {
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    ...(servername && { servername }),
  }
}

function readSecret(variable: string, env: NodeJS.ProcessEnv): Buffer | undefined {
  const path = env[variable]
  if (!path) return undefined
  try {
    return readFileSync(path)
  } catch (error) {
    const { code = 'unknown error' } = error as NodeJS.ErrnoException
    throw new CliOpsError('ENGINE_UNAVAILABLE', `${variable}: cannot read ${path} (${code})`, {
      cause: error,
    })
  }
}
