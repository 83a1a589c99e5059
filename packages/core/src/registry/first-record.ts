import { processPart } from '../base/process/process-state.js'
import type { OpenCommand } from './contract/registry-driver.js'
import type { Connection } from '../engine/connection-options.js'

/** A record that a command's lifecycle stored before the registry was first used. */
export interface FirstRecord {
  /** Where it is stored on this machine. */
  readonly connection: Pick<Connection, 'home' | 'namespace'>
  readonly name: string
  readonly owner: object
  readonly version: string | undefined
  readonly commands: readonly OpenCommand[] | undefined
}

/** Remembers the record for later contributions. */
export function noteFirstRecord(record: FirstRecord): void {
  noted().record = record
}

/** Returns the record, once. */
export function takeFirstRecord(): FirstRecord | undefined {
  const { record } = noted()
  noted().record = undefined
  return record
}

function noted(): { record?: FirstRecord | undefined } {
  return processPart('first-record', () => ({}))
}
