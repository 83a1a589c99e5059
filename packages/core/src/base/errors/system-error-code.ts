/**
 * Returns the code of a failed system call, such as `ENOSPC`; undefined for other errors. Node has no name for an exceeded quota, a
 * stale file handle or a damaged file system and calls each of them "UNKNOWN", so the error number tells them apart. Errors of Deno's
 * permissions have a name instead of a code.
 */
export function systemErrorCode(error: unknown): string | undefined {
  const { code, errno, name } = (error ?? {}) as NodeJS.ErrnoException
  if (code === undefined && name === 'NotCapable') return name
  if (typeof code !== 'string' || typeof errno !== 'number') return code
  return /^unknown/iu.test(code) ? (namesByNumber().get(-errno) ?? code) : code
}

let names: ReadonlyMap<number, string> | undefined

function namesByNumber(): ReadonlyMap<number, string> {
  if (names === undefined) {
    const { errno } = process.getBuiltinModule('node:os').constants
    // A Linux error number that Node does not list.
    const others: Record<string, number> = process.platform === 'linux' ? { EUCLEAN: 117 } : {}
    names = new Map(Object.entries({ ...errno, ...others }).map(([name, number]) => [number, name]))
  }
  return names
}
