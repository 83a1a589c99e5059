/** What is looked for on the stack: the methods of commander and yargs through which every parse goes. */
const PARSES: ReadonlySet<string> = new Set(['parse', 'parseSync', 'parseAsync'])

/** How the code that called in goes on: it awaits a promise, it goes on at once, or the stack does not tell. */
export type HostManner = 'awaits' | 'goes on' | 'unknown'

/**
 * Tells from the stack how the host began its parse: nearest to here stands the framework's `parseAsync`, or its `parse`. Asked only
 * where there is something to wait for, since it costs more than all the rest of a command.
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

/** Under `--frozen-intrinsics` nothing can be set on this realm's `Error`. What is made in another one shows the same stack. */
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

/** A method of an object. A function of the host that happens to be called `parse` is none. */
function isParse(site: NodeJS.CallSite): boolean {
  return PARSES.has(nameOf(site) ?? '') && site.getTypeName() !== null && !site.isToplevel()
}

function nameOf(site: NodeJS.CallSite | undefined): string | undefined {
  return site?.getMethodName() ?? site?.getFunctionName()?.split('.').at(-1) ?? undefined
}
