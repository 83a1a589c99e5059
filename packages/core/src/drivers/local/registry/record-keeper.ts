import { openLifeFile } from '../../../base/process/life-file.js'
import type { RecordKeeper, ServiceRecord } from '../../../registry/contract/registry-driver.js'
import type { Home } from '../home/home.js'
import { RecordStore } from './record-store.js'

/** Creates the part of the local registry that stores this process's records; a command needs no more. */
export function createRecordKeeper(
  home: Home,
  store = new RecordStore(home),
): Required<RecordKeeper> {
  const register = (record: ServiceRecord): void => {
    store.write(record)
    // A server, or a program that registers itself, runs for a while; a command that does not would pay for nothing.
    if (record.commands === undefined || record.endpoint !== undefined) openLifeFile(home.root)
  }
  const unregister = (name: string, instance: string): void => {
    store.remove(name, instance)
  }
  return {
    inProcess: false,
    register,
    registerSync: register,
    hasSync: (name, instance) => store.has(name, instance),
    unregister,
    unregisterSync: unregister,
  }
}
