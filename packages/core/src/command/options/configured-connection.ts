import {
  type Connection,
  type ConnectionOptions,
  resolveConnection,
} from '../../engine/connection-options.js'
import { isConfigured } from './is-configured.js'

/** Where a program works, and the options for the kit's classes to work there. */
export interface ConfiguredConnection {
  readonly connection: Connection
  readonly options: ConnectionOptions
}

/**
 * Determines where the program of that name works, from the environment and the home's `config.json`. The reader of that file is
 * loaded only if the file exists.
 *
 * @throws TypeError, and CliOpsError `STORAGE_FAILED`, if either cannot be used
 */
export async function configuredConnection(name: string): Promise<ConfiguredConnection> {
  const options = await configuredOptions(name)
  return { connection: resolveConnection(options), options }
}

async function configuredOptions(name: string): Promise<ConnectionOptions> {
  const { home } = resolveConnection({})
  if (!isConfigured(home)) return { home }
  const { withHomeConfig } = await import('./home-config.js')
  const { namespace, url } = withHomeConfig(home, [name], {}).options
  return { home, namespace, url }
}
