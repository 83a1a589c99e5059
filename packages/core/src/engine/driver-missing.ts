import { CliOpsError } from '../base/errors/cli-ops-error.js'
import { installCommand } from './install-command.js'

/**
 * Returns the error for a driver whose package or client library is not installed; `undefined` if the import failed for another
 * reason. The install command follows `remedy`.
 */
export function driverMissing(
  error: unknown,
  name: string,
  remedy: string,
): CliOpsError | undefined {
  const missing = missingPackage(error)
  if (missing === undefined) return undefined
  // The driver can be installed without its client library, a peer dependency.
  const install = missing === name ? name : `${name} ${missing}`
  return new CliOpsError('DRIVER_MISSING', `${remedy} ${installCommand()} ${install}`, {
    cause: error,
    details: { package: missing },
  })
}

/** The error of Yarn's Plug'n'Play for a package that is not installed for the importing one. */
interface PlugNPlayError {
  readonly data?: { readonly dependencyName?: string }
}

/** Returns the package that an import did not find. */
export function missingPackage(error: unknown): string | undefined {
  const { code, message, data } = error as NodeJS.ErrnoException & PlugNPlayError
  if (data?.dependencyName !== undefined) return data.dependencyName
  if (code !== 'ERR_MODULE_NOT_FOUND') return undefined
  const missing = /^Cannot find package '([^']+)'/u.exec(message)?.[1]
  // A partially installed package is named by its path.
  const inFolder = missing?.split(/node_modules[\\/]/u).at(-1)
  return inFolder === undefined ? undefined : /^(?:@[^\\/]+[\\/])?[^\\/]+/u.exec(inFolder)?.[0]
}
