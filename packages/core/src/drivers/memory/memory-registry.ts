import type { RegistryDriver } from '../registry-driver.js'

export function createMemoryRegistry(): RegistryDriver {
  throw new Error('unfinished')
}
