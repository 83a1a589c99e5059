import type { ServiceInfo } from '@cli-ops/shared-ipc'

import type { InstanceView } from './live-types.js'

/** An instance as plain JSON. */
export function instanceView(service: ServiceInfo): InstanceView {
  const { name, instance, pid, version, startedAt, state, reason, endpoint } = service
  return {
    name,
    instance,
    pid,
    version: typeof version === 'string' ? version : undefined,
    since: startedAt.getTime(),
    state,
    reason,
    answers: endpoint !== undefined,
  }
}
