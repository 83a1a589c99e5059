import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

import { CliOpsError } from '../base/errors/cli-ops-error.js'
import type { CreateDriver } from '../drivers/driver.js'

/** A driver that is a package of its own, loaded only when a URL asks for it. */
export interface DriverPackage {
  /** Names the engine in environment variables: `CLI_OPS_REDIS_PASSWORD`. */
  readonly engine: string
  readonly name: string
}

const REDIS = { engine: 'redis', name: '@cli-ops/driver-redis' }
const AMQP = { engine: 'amqp', name: '@cli-ops/driver-amqp' }
const POSTGRES = { engine: 'postgres', name: '@cli-ops/driver-postgres' }
const NATS = { engine: 'nats', name: '@cli-ops/driver-nats' }
const WEBSOCKET = { engine: 'websocket', name: '@cli-ops/driver-websocket' }

/** The package of each scheme. */
export const DRIVER_PACKAGES: ReadonlyMap<string, DriverPackage> = new Map([
  ['redis:', REDIS],
  ['rediss:', REDIS],
  ['redis+sentinel:', REDIS],
  ['rediss+sentinel:', REDIS],
  ['valkey:', REDIS],
  ['valkeys:', REDIS],
  ['valkey+sentinel:', REDIS],
  ['valkeys+sentinel:', REDIS],
  ['amqp:', AMQP],
  ['amqps:', AMQP],
  ['postgres:', POSTGRES],
  ['postgresql:', POSTGRES],
  ['nats:', NATS],
  ['natss:', NATS],
  ['ws:', WEBSOCKET],
  ['wss:', WEBSOCKET],
])

/**
 * Loads a driver's package: where the kit finds it, else where the running program does.
 *
 * @throws CliOpsError `DRIVER_MISSING`, which names what to install
 */
export async function loadDriverPackage({ name }: DriverPackage): Promise<CreateDriver> {
  try {
    return await importDriver(name).catch((error: unknown) => {
      const path = missingPackage(error) === name ? resolveFromProgram(name) : undefined
      if (path === undefined) throw error
      return importDriver(pathToFileURL(path).href)
    })
  } catch (error) {
    throw driverMissing(error, name, 'the URL needs a package: npm install') ?? error
  }
}

/**
 * The error of a driver's package that could not be imported because it, or its client library, is not installed; `undefined`
 * where an import failed for another reason. `remedy` is followed by what to install.
 */
export function driverMissing(
  error: unknown,
  name: string,
  remedy: string,
): CliOpsError | undefined {
  const missing = missingPackage(error)
  if (missing === undefined) return undefined
  // The driver may be there, and its client library, a peer dependency, not.
  const install = missing === name ? name : `${name} ${missing}`
  return new CliOpsError('DRIVER_MISSING', `${remedy} ${install}`, {
    cause: error,
    details: { package: missing },
  })
}

/** What Yarn's Plug'n'Play throws for a package that it has not installed for the one that asks. */
interface PlugNPlayError {
  readonly data?: { readonly dependencyName?: string }
}

async function importDriver(specifier: string): Promise<CreateDriver> {
  const loaded = (await import(specifier)) as { readonly createDriver: CreateDriver }
  return loaded.createDriver
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

function missingPackage(error: unknown): string | undefined {
  const { code, message, data } = error as NodeJS.ErrnoException & PlugNPlayError
  if (data?.dependencyName !== undefined) return data.dependencyName
  if (code !== 'ERR_MODULE_NOT_FOUND') return undefined
  const missing = /^Cannot find package '([^']+)'/u.exec(message)?.[1]
  // A package that is there in part is named by its path.
  const inFolder = missing?.split(/node_modules[\\/]/u).at(-1)
  return inFolder === undefined ? undefined : /^(?:@[^\\/]+[\\/])?[^\\/]+/u.exec(inFolder)?.[0]
}
