/** The methods of commander and yargs that every parse goes through, as the stack names them. */
const PARSES: ReadonlySet<string> = new Set(['parse', 'parseSync', 'parseAsync'])

/** What Bun says of the object of any method in strict mode. */
const OBJECT_ON_BUN = 'undefined'

/** How the calling code continues: it awaits a promise, it continues immediately, or the stack does not tell. */
export type HostManner = 'awaits' | 'goes on' | 'unknown'

/**
 * Determines from the stack how the host began its parse: by the nearest framework `parseAsync` or `parse`. Called only when there
 * is something to wait for, since it costs more than the rest of a command.
 */
export function hostManner(): HostManner {
  const stack = Object.isFrozen(Error) ? stackOfOtherRealm() : stackOfThisRealm()
  return Array.isArray(stack) ? mannerOf(stack as NodeJS.CallSite[]) : 'unknown'
}

function stackOfThisRealm(): unknown {
  const { stackTraceLimit } = Error
  const prepare = Object.getOwnPropertyDescriptor(Error, 'prepareStackTrace')
  try {
    Error.stackTraceLimit = Infinity
    Error.prepareStackTrace = (_error, sites) => sites
    return (new Error() as { readonly stack?: unknown }).stack
  } finally {
    Error.stackTraceLimit = stackTraceLimit
    if (prepare === undefined) Reflect.deleteProperty(Error, 'prepareStackTrace')
    else Object.defineProperty(Error, 'prepareStackTrace', prepare)
  }
}

/** Under `--frozen-intrinsics` this realm's `Error` cannot be changed. An error made in another realm shows the same stack. */
function stackOfOtherRealm(): unknown {
  const { runInNewContext } = process.getBuiltinModule('node:vm')
  const prepare = 'Error.stackTraceLimit = Infinity; Error.prepareStackTrace = (_, sites) => sites'
  return runInNewContext(`${prepare}; new Error().stack`) as unknown
}

function mannerOf(sites: readonly NodeJS.CallSite[]): HostManner {
  const nearest = sites.findIndex(isParse)
  if (nearest < 0) return 'unknown'
  // yargs' parseAsync() calls its parse().
  const outer = sites[nearest + 1]
  const names = [sites[nearest], outer !== undefined && isParse(outer) ? outer : undefined].map(
    nameOf,
  )
  return names.includes('parseAsync') ? 'awaits' : 'goes on'
}

/**
 * Returns whether this is a method of an object. A host's plain function named `parse` does not count, except on Bun, which names no
 * objects: at worst, a wait then blocks in a host that awaits.
 */
function isParse(site: NodeJS.CallSite): boolean {
  if (!PARSES.has(nameOf(site) ?? '')) return false
  const type = site.getTypeName()
  return type === OBJECT_ON_BUN || (type !== null && !site.isToplevel())
}

function nameOf(site: NodeJS.CallSite | undefined): string | undefined {
  return site?.getMethodName() ?? site?.getFunctionName()?.split('.').at(-1) ?? undefined
}
