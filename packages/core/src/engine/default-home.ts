import { path } from '../base/builtins.js'

/**
 * Returns whether a home is an absolute path, without NUL, which no path can contain, and without the character that Node reads instead
 * of invalid UTF-8.
 */
export function isUsableHome(home: unknown): home is string {
  return (
    typeof home === 'string' &&
    path.isAbsolute(home) &&
    !home.includes('\0') &&
    !home.includes('\ufffd')
  )
}

/** Returns the home if nothing names one. XDG Base Directory Specification: a relative path in the variable must be ignored. */
export function defaultHome(env: NodeJS.ProcessEnv): string {
  const { XDG_DATA_HOME: xdg, LOCALAPPDATA: localAppData } = env
  if (process.platform === 'win32' && localAppData) return path.join(localAppData, 'cli-ops')
  if (xdg && path.isAbsolute(xdg)) return path.join(xdg, 'cli-ops')
  return path.join(userHome(env), '.local', 'share', 'cli-ops')
}

/** Returns the result of `homedir()`, without loading `node:os` if it would only read this variable: that costs a command 1 %. */
function userHome({ HOME: home }: NodeJS.ProcessEnv): string {
  if (process.platform !== 'win32' && home) return home
  const { homedir, userInfo } = process.getBuiltinModule('node:os')
  try {
    // If the variable is empty, so is homedir().
    return process.platform === 'win32' || home === undefined ? homedir() : userInfo().homedir
  } catch {
    // A user without an entry, as in a container that runs under a numeric uid.
    return ''
  }
}
