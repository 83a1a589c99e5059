import type { OpenCommand } from '../../registry/contract/registry-driver.js'

/** What the registry is told of this process. */
export interface Instance {
  readonly name: string
  readonly version: string | undefined
  readonly commands: readonly OpenCommand[] | undefined
}
