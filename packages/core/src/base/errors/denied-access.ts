import { systemErrorCode } from './system-error-code.js'

/** What runtimes say whose own permissions keep a program out of a file, and what lets it in. */
export const RUNTIME_REMEDIES: ReadonlyMap<string, string> = new Map([
  [
    'ERR_ACCESS_DENIED',
    'node --permission keeps it out; allow it with --allow-fs-read and --allow-fs-write',
  ],
  ['NotCapable', 'deno run keeps it out; allow it with --allow-read and --allow-write'],
])

/** Tells whether an operation failed because this user, or this process, may not do it. */
export function isAccessDenied(error: unknown): boolean {
  const code = systemErrorCode(error) ?? ''
  return code === 'EACCES' || code === 'EPERM' || RUNTIME_REMEDIES.has(code)
}
