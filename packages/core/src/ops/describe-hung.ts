import type { ServiceInfo } from '../registry/contract/service-types.js'

/** Describes what is wrong with a hung instance. */
export function describeHung({
  name,
  pid,
  reason,
}: Pick<ServiceInfo, 'name' | 'pid'> & {
  readonly reason?: ServiceInfo['reason'] | undefined
}): string {
  return `${name} (pid ${pid}) ${reason === 'stopped' ? 'is stopped' : 'does not answer'}`
}
