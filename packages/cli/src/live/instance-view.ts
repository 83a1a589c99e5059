import type { ServiceInfo } from '@cli-ops/shared-ipc'
import { instanceWord, waitingFor } from '@cli-ops/shared-ipc/ops'

import type { InstanceFacts, InstanceView, LockView } from './live-types.js'

/** An instance as plain JSON. */
export function instanceFacts(service: ServiceInfo): InstanceFacts {
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

/** An instance, and what it waits for. */
export function instanceView(facts: InstanceFacts, locks: readonly LockView[]): InstanceView {
  const waits = waitingFor(facts, locks)
  return { ...facts, word: instanceWord(facts, waits), waitingFor: waits }
}
