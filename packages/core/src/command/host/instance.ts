import type { OpenCommand } from '../../registry/contract/registry-driver.js'

/** This process as the registry shows it. */
export interface Instance {
  readonly name: string
  readonly version: string | undefined
  readonly commands: readonly OpenCommand[] | undefined
}
