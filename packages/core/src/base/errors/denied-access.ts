import { systemErrorCode } from './system-error-code.js'

/** The error codes of runtimes whose own permissions deny access to a file, and how to allow it. */
const RUNTIME_REMEDIES: ReadonlyMap<string, string> = new Map([
  [
    'ERR_ACCESS_DENIED',
    'node --permission denies access; allow it with --allow-fs-read and --allow-fs-write',
  ],
  ['NotCapable', 'deno run denies access; allow it with --allow-read and --allow-write'],
])

/**
 * Returns how to allow what a runtime's own permissions have denied; `undefined` for any other error. Deno names the flag for what is not
 * a file, such as the host's name.
 */
export function runtimeRemedyOf(error: unknown): string | undefined {
  const remedy = RUNTIME_REMEDIES.get(systemErrorCode(error) ?? '')
  if (remedy === undefined) return undefined
  const [flag] = /--allow-(?!read|write|fs)[a-z-]+/u.exec((error as Error).message) ?? []
  return flag === undefined ? remedy : remedy.replace(/ with .*$/u, ` with ${flag}`)
}

/** Returns whether an operation failed because this user or process lacks permission. */
export function isAccessDenied(error: unknown): boolean {
  const code = systemErrorCode(error) ?? ''
  return code === 'EACCES' || code === 'EPERM' || RUNTIME_REMEDIES.has(code)
}
