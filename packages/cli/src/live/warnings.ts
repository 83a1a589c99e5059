import {
  describeHung,
  lockWarnings,
  LOW_DISK_BYTES,
  parkedSummary,
  sizeText,
  type WatchedLock,
} from '@cli-ops/shared-ipc/ops'

import type {
  DiskView,
  InstanceView,
  LockView,
  ParkedView,
  ProblemView,
  ServerView,
  WarningView,
} from './live-types.js'

/** The facts behind the warnings. */
export interface WarningFacts {
  readonly problems: readonly ProblemView[]
  readonly locks: readonly LockView[]
  readonly instances: readonly InstanceView[]
  readonly servers: readonly ServerView[]
  readonly disk: DiskView | undefined
  readonly parked: readonly ParkedView[]
}

/** Returns what needs a person's attention, the most serious first. */
export function warningsOf(facts: WarningFacts): WarningView[] {
  const { problems, locks, instances, servers, disk, parked } = facts
  return [
    // Several parts of one broken home report the same problem.
    ...[...new Set(problems.map(({ text }) => text))].map((text) => ({ text })),
    ...lockWarnings(locks.map(watched)),
    // A process that is not an instance appears in its lock's warning.
    ...instances
      .filter(({ state, instance }) => state === 'hung' && instance !== '')
      .map((instance) => ({ text: describeHung(instance) })),
    ...servers
      .filter(({ tells, pid }) => tells === 'silent' && isLive(instances, pid))
      .map(({ name, pid }) => ({ text: `${name} (pid ${pid}) did not answer a request in time` })),
    ...parked.map((group) => ({ text: parkedSummary(group) })),
    ...(disk !== undefined && disk.freeBytes < LOW_DISK_BYTES
      ? [{ text: `only ${sizeText(disk.freeBytes)} free on the disk` }]
      : []),
  ]
}

function watched({ resource, holders, waiters, closedUntil }: LockView): WatchedLock {
  return {
    resource,
    holders: holders.map(({ label, slot, ...owner }) => ({ owner, label, slot })),
    waiting: waiters.length,
    ...(closedUntil !== undefined && { closedUntil: new Date(closedUntil) }),
  }
}

function isLive(instances: readonly InstanceView[], pid: number): boolean {
  return instances.some((instance) => instance.pid === pid && instance.state === 'live')
}
