import type { ServiceRecord } from '../drivers/registry-driver.js'
import type { ServiceInfo } from './service-types.js'

/**
 * Shows a record as callers see it. The kit's own fields come last, so that metadata can forge none of them; spreading
 * defines members, so that one called `__proto__` stays a member.
 */
export function toServiceInfo(record: ServiceRecord, state: ServiceInfo['state']): ServiceInfo {
  const { name, instance, pid, version, startedAt, endpoint, metadata } = record
  return {
    ...metadata,
    name,
    instance,
    pid,
    ...(version === undefined ? undefined : { version }),
    startedAt: new Date(startedAt),
    state,
    ...(endpoint === undefined ? undefined : { endpoint }),
  }
}

/** Oldest first; the instance decides between two that started in the same millisecond. */
export function byAge(a: ServiceInfo, b: ServiceInfo): number {
  return a.startedAt.getTime() - b.startedAt.getTime() || (a.instance < b.instance ? -1 : 1)
}
