import type { RegistryDriver } from '../../registry-driver.js'
import type { Home } from '../home.js'

/** Makes the registry of the local driver: one file for each instance. */
export function createLocalRegistry(home: Home): RegistryDriver {
  throw new Error(home.root)
}
