import { homedir } from 'node:os'
import { isAbsolute, join, resolve } from 'node:path'

/** Returns the path of a CLI's data file: in `$CLI_ALPHA_DATA` for cli-alpha, else below the user's data directory. */
export function dataFile(cli: string, name: string, env = process.env): string {
  const own = env[variable(cli, 'DATA')]
  return join(folder(cli, own, env['XDG_DATA_HOME'], ['.local', 'share']), name)
}

/**
 * Returns the path of a CLI's configuration file: in `$CLI_ALPHA_CONFIG` for cli-alpha, else below the user's
 * configuration directory.
 */
export function configFile(cli: string, name: string, env = process.env): string {
  return join(folder(cli, env[variable(cli, 'CONFIG')], env['XDG_CONFIG_HOME'], ['.config']), name)
}

function variable(cli: string, what: string): string {
  return `${cli.replaceAll('-', '_').toUpperCase()}_${what}`
}

// XDG Base Directory Specification: ignore a relative path in its variables.
function folder(
  cli: string,
  own: string | undefined,
  xdg: string | undefined,
  fallback: readonly string[],
): string {
  if (own) return resolve(own)
  if (xdg && isAbsolute(xdg)) return join(xdg, cli)
  const { LOCALAPPDATA: localAppData } = process.env
  if (process.platform === 'win32' && localAppData) return join(localAppData, cli)
  return join(homedir(), ...fallback, cli)
}
