import { readFileSync } from 'node:fs'

import { CliOpsError } from '../base/errors/cli-ops-error.js'

/** A driver's credentials. */
export interface Credentials {
  readonly username: string | undefined
  readonly password: string | undefined
}

/** What a driver needs for TLS beyond Node's own list of authorities: PEM texts, for `tls.connect`. */
export interface TlsFiles {
  readonly ca?: Buffer
  readonly cert?: Buffer
  readonly key?: Buffer
  /** The name in the server's certificate, if it differs from the URL's host. */
  readonly servername?: string
}

/**
 * Reads an engine's credentials: from the URL, else from `CLI_OPS_<ENGINE>_USERNAME`, `CLI_OPS_<ENGINE>_PASSWORD` and the file that `CLI_OPS_<ENGINE>_PASSWORD_FILE` names;
 * for a hub from `CLI_OPS_TOKEN` and `CLI_OPS_TOKEN_FILE`. A file is read on each call, so the next connection uses a changed password.
 *
 * @throws CliOpsError `ENGINE_UNAVAILABLE` if the file cannot be read
 */
export function readCredentials(engine: string, url: URL, env = process.env): Credentials {
  const prefix = `CLI_OPS_${engine.toUpperCase()}`
  // A hub uses access keys, not engine passwords.
  const [variable, fileVariable] =
    engine === 'websocket'
      ? (['CLI_OPS_TOKEN', 'CLI_OPS_TOKEN_FILE'] as const)
      : ([`${prefix}_PASSWORD`, `${prefix}_PASSWORD_FILE`] as const)
  const password =
    decodeURIComponent(url.password) ||
    env[variable] ||
    // Editors and shells end a file with a line break, which is never part of a password.
    readSecret(fileVariable, env)
      ?.toString('utf8')
      .replace(/\r?\n$/u, '')
  const username = decodeURIComponent(url.username) || env[`${prefix}_USERNAME`]
  return { username: username || undefined, password: password || undefined }
}

/**
 * Reads `CLI_OPS_<ENGINE>_TLS_CA_FILE`, `…_TLS_CERT_FILE`, `…_TLS_KEY_FILE` and `…_TLS_SERVERNAME`. There is no switch
 * to disable certificate checks.
 *
 * @throws CliOpsError `ENGINE_UNAVAILABLE` if a file cannot be read
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
