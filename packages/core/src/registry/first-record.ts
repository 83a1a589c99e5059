import type { Connection } from '../options/connection-options.js'

/** A record that the lifecycle of a command has stored by itself, before anybody asked for the registry. */
export interface FirstRecord {
  /** Where it is, on this machine. */
  readonly connection: Pick<Connection, 'home' | 'namespace'>
  readonly name: string
  readonly owner: object
  readonly version: string | undefined
}

// The lifecycle is part of the plugin's own file; the registry may be in another copy of the kit.
const KEY = Symbol.for('cli-ops.first-record')
type Global = typeof globalThis & { [KEY]?: FirstRecord | undefined }

/** Leaves word of the record for whoever contributes to it later. */
export function noteFirstRecord(record: FirstRecord): void {
  ;(globalThis as Global)[KEY] = record
}

/** Takes over the record, once. */
export function takeFirstRecord(): FirstRecord | undefined {
  const record = (globalThis as Global)[KEY]
  ;(globalThis as Global)[KEY] = undefined
  return record
}
