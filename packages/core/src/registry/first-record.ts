import { processPart } from '../base/process/process-state.js'
import type { OpenCommand } from './contract/registry-driver.js'
import type { Connection } from '../engine/connection-options.js'

/** A record that the lifecycle of a command has stored by itself, before anybody asked for the registry. */
export interface FirstRecord {
  /** Where it is, on this machine. */
  readonly connection: Pick<Connection, 'home' | 'namespace'>
  readonly name: string
  readonly owner: object
  readonly version: string | undefined
  readonly commands: readonly OpenCommand[] | undefined
}

/** Leaves word of the record for whoever contributes to it later. */
export function noteFirstRecord(record: FirstRecord): void {
  noted().record = record
}

/** Takes over the record, once. */
export function takeFirstRecord(): FirstRecord | undefined {
  const { record } = noted()
  noted().record = undefined
  return record
}

function noted(): { record?: FirstRecord | undefined } {
  return processPart('first-record', () => ({}))
}
