import { copyOf } from '../../base/validation/copy-of.js'
import { byAge, toServiceInfo } from '../../registry/contract/service-info.js'
import type { RegistryDriver, ServiceRecord } from '../../registry/contract/registry-driver.js'

/** Creates an in-process registry, in which no instance is ever dead. */
export function createMemoryRegistry(): RegistryDriver {
  const records = new Map<string, ServiceRecord>()
  const listeners = new Set<() => void>()
  const changed = (): void => {
    for (const listener of [...listeners]) listener()
  }
  const register = (record: ServiceRecord): void => {
    // A copy, as other processes would get it.
    records.set(keyOf(record.name, record.instance), copyOf(record))
    changed()
  }
  const unregister = (name: string, instance: string): void => {
    if (records.delete(keyOf(name, instance))) changed()
  }
  return {
    inProcess: true,
    register,
    registerSync: register,
    unregister,
    unregisterSync: unregister,
    discover: ({ name }) =>
      [...records.values()]
        .filter((record) => name === undefined || record.name === name)
        .map((record) => toServiceInfo(copyOf(record), 'live'))
        .sort(byAge),
    watch: (listener) => {
      // Each call is its own watch, even with the same function.
      const own = (): void => {
        listener()
      }
      listeners.add(own)
      return () => listeners.delete(own)
    },
    clean: () => [],
  }
}

function keyOf(name: string, instance: string): string {
  return `${instance}\0${name}`
}
