import { createRequire } from 'node:module'

/** Tells whether `importPackage` would find a package: from the kit, or from the running program. */
export function isInstalled(name: string): boolean {
  return [import.meta.url, process.argv[1]].some((from) => from !== undefined && finds(from, name))
}

function finds(from: string, name: string): boolean {
  try {
    createRequire(from).resolve(name)
    return true
  } catch (error) {
    // What is there and not for `require()` can be imported.
    return (error as NodeJS.ErrnoException).code === 'ERR_PACKAGE_PATH_NOT_EXPORTED'
  }
}
