import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

import { missingPackage } from './driver-missing.js'

/** Imports a package: where the kit finds it, else where the running program does. */
export async function importPackage(name: string): Promise<object> {
  try {
    return (await import(name)) as object
  } catch (error) {
    const path = missingPackage(error) === packageOf(name) ? resolveFromProgram(name) : undefined
    if (path === undefined) throw error
    return (await import(pathToFileURL(path).href)) as object
  }
}

/** The package of a specifier that may name a file of it. */
export function packageOf(specifier: string): string {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
}

/** A kit that is linked into its program looks beside itself, where the program's packages are not. */
function resolveFromProgram(name: string): string | undefined {
  const [, program] = process.argv
  if (program === undefined) return undefined
  try {
    return createRequire(program).resolve(name)
  } catch {
    return undefined
  }
}
