import { driverKey } from '../drivers/driver-key.js'
import type { RecordKeeper, RegistryDriver } from '../drivers/registry-driver.js'
import { randomId } from '../names/random-id.js'
import { ownProcess } from '../process/own-process.js'
import { type FirstRecord, takeFirstRecord } from './first-record.js'
import { OwnRecord } from './own-record.js'

// A command lifecycle, the user's own code and a server describe the same instance, perhaps with two copies of the
// kit in one process; hence one set of records for the process.
const KEY = Symbol.for('cli-ops.own-records')
type Global = typeof globalThis & { [KEY]?: Map<string, OwnRecord[]> }

/** Which record is meant: the place it is stored in and the name. */
export interface RecordPlace {
  /** Equal for equal URL, home and namespace. */
  readonly key: string
  readonly driver: RecordKeeper
}

/** A place with the whole registry behind it. */
export interface RegistryPlace extends RecordPlace {
  readonly driver: RegistryDriver
}

/**
 * Returns this process's record under a name: the one that everybody contributes to, made when it is first asked for.
 * Nothing is stored before a contribution is set.
 */
export function ownRecord(place: RecordPlace, name: string): OwnRecord {
  return recordsOf(place, name)[0] ?? addRecord(place, name)
}

/**
 * Returns the record that a further server should announce its endpoint in: the common one, or, where that already
 * has an endpoint, a new one that counts as an instance of its own.
 */
export function ownRecordForEndpoint(place: RecordPlace, name: string): OwnRecord {
  const free = recordsOf(place, name).find((record) => !record.isClaimed)
  return free ?? addRecord(place, name)
}

/** Tells whether an instance is this process, or a further server of it. */
export function isOwnInstance(place: RecordPlace, instance: string): boolean {
  return ownRecordsIn(place).some((record) => record.instance === instance)
}

/** Every record of this process in one place. */
export function ownRecordsIn({ key }: Pick<RecordPlace, 'key'>): OwnRecord[] {
  const prefix = `${key}\0`
  return [...all()].flatMap(([recordKey, records]) => (recordKey.startsWith(prefix) ? records : []))
}

function addRecord({ key, driver }: RecordPlace, name: string): OwnRecord {
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

function recordsOf({ key }: RecordPlace, name: string): readonly OwnRecord[] {
  return all().get(`${key}\0${name}`) ?? []
}

function all(): Map<string, OwnRecord[]> {
  const records = ((globalThis as Global)[KEY] ??= new Map<string, OwnRecord[]>())
  const first = takeFirstRecord()
  if (first !== undefined) adopt(records, first)
  return records
}

/** Goes on with what the lifecycle has begun: the common record of its name, with its contribution. */
function adopt(
  records: Map<string, OwnRecord[]>,
  { connection, name, owner, version }: FirstRecord,
): void {
  const key = driverKey(connection, 'local:')
  const record = newRecord(`${key}\0${name}`, name, ownProcess().instance)
  record.adopt(owner, { version })
  records.set(`${key}\0${name}`, [record])
}
