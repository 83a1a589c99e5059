import { homedir } from 'node:os'
import { isAbsolute, join, resolve } from 'node:path'

/** The tasks: `$CLI_ALPHA_DATA/tasks.json`, else below the user's data directory. */
export function taskFile(env = process.env): string {
  return join(
    folder(env['CLI_ALPHA_DATA'], env['XDG_DATA_HOME'], ['.local', 'share']),
    'tasks.json',
  )
}

/** The settings: `$CLI_ALPHA_CONFIG/config.json`, else below the user's configuration directory. */
export function settingsFile(env = process.env): string {
  return join(folder(env['CLI_ALPHA_CONFIG'], env['XDG_CONFIG_HOME'], ['.config']), 'config.json')
}

// XDG Base Directory Specification: a relative path in its variables is to be ignored.
function folder(own: string | undefined, xdg: string | undefined, fallback: string[]): string {
  if (own) return resolve(own)
  if (xdg && isAbsolute(xdg)) return join(xdg, 'cli-alpha')
  const { LOCALAPPDATA: localAppData } = process.env
  if (process.platform === 'win32' && localAppData) return join(localAppData, 'cli-alpha')
  return join(homedir(), ...fallback, 'cli-alpha')
}
