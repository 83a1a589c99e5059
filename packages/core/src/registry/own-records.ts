import { driverKey } from '../engine/driver-key.js'
import type { RecordKeeper, RegistryDriver } from './contract/registry-driver.js'
import { randomId } from '../base/names/random-id.js'
import { ownProcess } from '../base/process/own-process.js'
import { processPart } from '../base/process/process-state.js'
import { type FirstRecord, takeFirstRecord } from './first-record.js'
import { OwnRecord } from './own-record.js'

/** Where a record is stored. */
export interface RecordContext {
  /** Equal for equal URL, home and namespace. */
  readonly key: string
  readonly driver: RecordKeeper
}

/** Like {@link RecordContext}, with the whole registry. */
export interface RegistryContext extends RecordContext {
  readonly driver: RegistryDriver
}

/**
 * Returns this process's record under a name, shared by all contributors and created on first use. Nothing is stored before a
 * contribution is set.
 */
export function ownRecord(context: RecordContext, name: string): OwnRecord {
  return recordsOf(context, name)[0] ?? addRecord(context, name)
}

/**
 * Returns the record for another server's endpoint: the common one or, if that already has an endpoint, a new one that counts as a
 * separate instance.
 */
export function ownRecordForEndpoint(context: RecordContext, name: string): OwnRecord {
  const free = recordsOf(context, name).find((record) => !record.isClaimed)
  return free ?? addRecord(context, name)
}

/** Returns whether an instance is this process or one of its additional servers. */
export function isOwnInstance(context: RecordContext, instance: string): boolean {
  // On an engine, another process can keep the common record.
  if (instance === ownProcess().instance) return true
  return ownRecordsIn(context).some((record) => record.instance === instance)
}

/** Returns the records of this process in one registry. */
export function ownRecordsIn({ key }: Pick<RecordContext, 'key'>): OwnRecord[] {
  const prefix = `${key}\0`
  return [...all()].flatMap(([recordKey, records]) => (recordKey.startsWith(prefix) ? records : []))
}

function addRecord({ key, driver }: RecordContext, name: string): OwnRecord {
  const recordKey = `${key}\0${name}`
  const records = all().get(recordKey) ?? []
  const isCommon = records.length === 0 && driver.inProcess !== true
  const record = newRecord(recordKey, name, isCommon ? ownProcess().instance : randomId())
  all().set(recordKey, [...records, record])
  return record
}

function newRecord(recordKey: string, name: string, instance: string): OwnRecord {
  const record = new OwnRecord(name, instance, () => {
    const left = (all().get(recordKey) ?? []).filter((other) => other !== record)
    if (left.length === 0) all().delete(recordKey)
    else all().set(recordKey, left)
  })
  return record
}

function recordsOf({ key }: RecordContext, name: string): readonly OwnRecord[] {
  return all().get(`${key}\0${name}`) ?? []
}

/** The plugin, the user's own code and a server describe the same instance, so the process has one set. */
function all(): Map<string, OwnRecord[]> {
  const records = processPart('own-records', () => new Map<string, OwnRecord[]>())
  const first = takeFirstRecord()
  if (first !== undefined) adopt(records, first)
  return records
}

/** Adopts the record that the lifecycle started: the common one of its name, with its contribution. */
function adopt(
  records: Map<string, OwnRecord[]>,
  { connection, name, owner, version, commands }: FirstRecord,
): void {
  const key = driverKey(connection, 'local:')
  const record = newRecord(`${key}\0${name}`, name, ownProcess().instance)
  record.adopt(owner, { version, commands })
  records.set(`${key}\0${name}`, [record])
}
