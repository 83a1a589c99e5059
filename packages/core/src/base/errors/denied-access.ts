import { systemErrorCode } from './system-error-code.js'

/** The error codes of runtimes whose own permissions deny access to a file, and how to allow it. */
export const RUNTIME_REMEDIES: ReadonlyMap<string, string> = new Map([
  [
    'ERR_ACCESS_DENIED',
    'node --permission denies access; allow it with --allow-fs-read and --allow-fs-write',
  ],
  ['NotCapable', 'deno run denies access; allow it with --allow-read and --allow-write'],
])

/** Returns whether an operation failed because this user or process lacks permission. */
export function isAccessDenied(error: unknown): boolean {
  const code = systemErrorCode(error) ?? ''
  return code === 'EACCES' || code === 'EPERM' || RUNTIME_REMEDIES.has(code)
}
