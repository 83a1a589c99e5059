import type { ServiceInfo } from '@cli-ops/shared-ipc'
import {
  describeProgram,
  instanceWord,
  unregistered,
  useWord,
  waitingFor,
} from '@cli-ops/shared-ipc/ops'

import type { InstanceFacts, InstanceView, LockUserView, LockView } from './live-types.js'

/** Returns an instance as plain JSON. */
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

/** Returns an instance with the lock that it waits for. */
export function instanceView(facts: InstanceFacts, locks: readonly LockView[]): InstanceView {
  const waits = waitingFor(facts, locks)
  return { ...facts, word: instanceWord(facts, waits), waitingFor: waits }
}

/** Returns the processes that use locks without being instances, such as `cli-ops run`. */
export function unregisteredViews(
  locks: readonly LockView[],
  instances: readonly InstanceFacts[],
): InstanceView[] {
  return unregistered<LockUserView>(locks, instances).map((user) => ({
    name: user.name,
    instance: '',
    command: describeProgram({ command: user.command }, user.label),
    pid: user.pid,
    since: user.since,
    state: user.state === 'stopped' ? 'hung' : 'live',
    reason: user.state === 'stopped' ? 'stopped' : undefined,
    answers: false,
    word: useWord(user),
    waitingFor: user.waitingFor,
  }))
}
