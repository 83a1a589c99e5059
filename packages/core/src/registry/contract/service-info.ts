import type { ServiceRecord } from './registry-driver.js'
import type { ServiceInfo } from './service-types.js'

/**
 * Returns a record as callers see it. The kit's own fields are set last, and removed if missing, so metadata cannot forge them. A
 * member called `__proto__` stays a member.
 */
export function toServiceInfo(
  record: ServiceRecord,
  state: ServiceInfo['state'],
  reason?: ServiceInfo['reason'],
): ServiceInfo {
  const { metadata } = record
  // Every query converts all records, perhaps a thousand. Spreading a result of JSON.parse takes 2.4 µs, assigning 0.2. Only
  // spreading defines members, which matters only for this name.
  const info: Record<string, unknown> = Object.hasOwn(metadata, '__proto__')
    ? { ...metadata }
    : Object.assign({}, metadata)
  info['name'] = record.name
  info['instance'] = record.instance
  info['pid'] = record.pid
  setOrRemove(info, 'version', record.version)
  info['startedAt'] = new Date(record.startedAt)
  info['state'] = state
  setOrRemove(info, 'reason', reason)
  setOrRemove(info, 'endpoint', record.endpoint)
  return info as ServiceInfo
}

function setOrRemove(info: Record<string, unknown>, field: string, value: unknown): void {
  if (value !== undefined) info[field] = value
  else if (field in info) delete info[field]
}

/** Oldest first; the instance decides between two that started in the same millisecond. */
export function byAge(a: ServiceInfo, b: ServiceInfo): number {
  return a.startedAt.getTime() - b.startedAt.getTime() || (a.instance < b.instance ? -1 : 1)
}
