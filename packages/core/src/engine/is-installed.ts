import { createRequire } from 'node:module'

/** Returns whether a package is found from a file of the kit, or from the running program: a bundle has no place of its own. */
export function isInstalled(name: string, file: string): boolean {
  return [file, process.argv[1]].some((from) => from !== undefined && finds(from, name))
}

function finds(from: string, name: string): boolean {
  try {
    createRequire(from).resolve(name)
    return true
  } catch (error) {
    // A package without `require` can still be imported.
    return (error as NodeJS.ErrnoException).code === 'ERR_PACKAGE_PATH_NOT_EXPORTED'
  }
}
