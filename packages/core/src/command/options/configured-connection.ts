import {
  type Connection,
  type ConnectionOptions,
  resolveConnection,
} from '../../engine/connection-options.js'
import { isConfigured } from './is-configured.js'

/** Where a program works, and what the classes of the kit have to be given to work there. */
export interface ConfiguredConnection {
  readonly connection: Connection
  readonly options: ConnectionOptions
}

/**
 * Finds out where the program of that name works, by the environment and the home's `config.json`. What reads the file is loaded
 * where there is one.
 *
 * @throws TypeError, and CliOpsError `STORAGE_FAILED`, where either cannot be used
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
