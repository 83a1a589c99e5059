import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

import { missingPackage } from './driver-missing.js'

/** Imports a package, resolved from the kit, else from the running program. */
export async function importPackage(name: string): Promise<object> {
  try {
    return (await import(name)) as object
  } catch (error) {
    const path = missingPackage(error) === packageOf(name) ? resolveFromProgram(name) : undefined
    if (path === undefined) throw error
    return (await import(pathToFileURL(path).href)) as object
  }
}

/** Returns the package name of a specifier, which can also name a file in the package. */
export function packageOf(specifier: string): string {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
}

/** A kit that is linked into its program resolves from its own location, where the program's packages are missing. */
function resolveFromProgram(name: string): string | undefined {
  const [, program] = process.argv
  if (program === undefined) return undefined
  try {
    return createRequire(program).resolve(name)
  } catch {
    return undefined
  }
}
