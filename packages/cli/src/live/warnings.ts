import { describeOwner } from '@cli-ops/shared-ipc'
import { LOW_DISK_BYTES } from '@cli-ops/shared-ipc/ops'

import type {
  DiskView,
  InstanceView,
  LockView,
  ProblemView,
  ServerView,
  WarningView,
} from './live-types.js'

/** What warnings are drawn from. */
export interface WarningFacts {
  readonly problems: readonly ProblemView[]
  readonly locks: readonly LockView[]
  readonly instances: readonly InstanceView[]
  readonly servers: readonly ServerView[]
  readonly disk: DiskView | undefined
}

/** What a person should look at, the gravest first. */
export function warningsOf(facts: WarningFacts): WarningView[] {
  const { problems, locks, instances, servers, disk } = facts
  return [
    // Several parts of one broken home say the same.
    ...[...new Set(problems.map(({ text }) => text))].map((text) => ({ text })),
    ...locks.flatMap(lockWarning),
    ...instances
      .filter(({ state }) => state === 'hung')
      .map(({ name, pid }) => ({
        text: `${name} (pid ${pid}) is suspended or does not answer`,
      })),
    ...servers
      .filter(({ tells, pid }) => tells === 'silent' && isLive(instances, pid))
      .map(({ name, pid }) => ({ text: `${name} (pid ${pid}) did not answer a request in time` })),
    ...(disk !== undefined && disk.freeBytes < LOW_DISK_BYTES
      ? [{ text: `only ${Math.floor(disk.freeBytes / 1024 / 1024)} MiB are free on the disk` }]
      : []),
  ]
}

function lockWarning({ resource, id, owner, waiters }: LockView): WarningView[] {
  if (id === '' || owner.state === 'running') return []
  const waiting = waiters.length === 0 ? '' : `, and ${waiters.length} wait for it`
  const doubt = owner.state === 'unknown' ? ', which cannot be judged from here' : ''
  return [{ text: `“${resource}” is held by ${describeOwner(owner)}${doubt}${waiting}`, resource }]
}

function isLive(instances: readonly InstanceView[], pid: number): boolean {
  return instances.some((instance) => instance.pid === pid && instance.state === 'live')
}
