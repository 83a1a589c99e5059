import type { RegistryDriver, ServiceRecord } from '../../../drivers/driver.js'
import { randomId } from '../../../base/names/random-id.js'
import type { ServiceInfo } from '../../../registry/contract/service-types.js'

/** Creates the record of an instance in this process. */
export function newRecord(name: string, members: Partial<ServiceRecord> = {}): ServiceRecord {
  return {
    name,
    instance: randomId(),
    pid: process.pid,
    startedAt: Date.now(),
    metadata: {},
    ...members,
  }
}

/** Returns what a registry knows without pinging instances. */
export async function discover(registry: RegistryDriver, name?: string): Promise<ServiceInfo[]> {
  return registry.discover({ name, probe: false })
}

/** Returns the instances that a registry knows, sorted. */
export async function instancesIn(registry: RegistryDriver, name?: string): Promise<string[]> {
  return (await discover(registry, name)).map(({ instance }) => instance).sort()
}
