/**
 * What a failed system call is called: `ENOSPC`; undefined where the error is none of a system call. Node has no name for a quota that is used up,
 * a stale file handle and a damaged file system, and calls each of them "UNKNOWN"; their number tells them apart. What Deno's permissions
 * refuse has a name instead of a code.
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
    // Linux has one that Node does not list.
    const others: Record<string, number> = process.platform === 'linux' ? { EUCLEAN: 117 } : {}
    names = new Map(Object.entries({ ...errno, ...others }).map(([name, number]) => [number, name]))
  }
  return names
}
