import type { LockTurn } from '@cli-ops/shared-ipc/ops'

import type { Kept, QueueView } from './live-types.js'

/** Returns how lock queues grew and shrank, derived from each turn's waiting time; oldest first. */
export function queueSteps(turns: readonly LockTurn[]): readonly Omit<QueueView, keyof Kept>[] {
  const changes = turns.flatMap(({ resource, time, waitedMs = 0, heldMs = 0 }) => {
    const until = time.getTime() - heldMs
    if (waitedMs <= 0) return []
    return [
      { resource, at: until - waitedMs, by: 1 },
      { resource, at: until, by: -1 },
    ]
  })
  const lengths = new Map<string, number>()
  return changes
    .sort((one, other) => one.at - other.at)
    .map(({ resource, at, by }) => {
      const length = (lengths.get(resource) ?? 0) + by
      lengths.set(resource, length)
      return { resource, at, length }
    })
}
