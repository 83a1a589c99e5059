import type { LockMode } from '../locks/contract/lock-types.js'

/** Who waits for what, as far as the search has to know. Nothing is read that it does not come to. */
export interface WaitGraph<Waiter, Holder> {
  readonly idOf: (holder: Holder) => string
  readonly modeOf: (of: Waiter | Holder) => LockMode
  /** The holders of the lock that a waiter waits for. */
  holdersFor(waiter: Waiter): Iterable<Holder>
  /** Whether an exclusive waiter is before this one in the queue. */
  isBehindExclusive(waiter: Waiter): boolean
  /** The waiters whose flow holds this lock, and cannot give it back before they were let in. */
  waitersHolding(holder: Holder): Iterable<Waiter>
  /** Whether a lock is not given back before the wait, in which the search began, has ended. */
  closes(holder: Holder, waiter: Waiter): boolean
}

/** A holder in the way of a waiter, and the waiter among its flows that keeps it from ending; none where it closes the cycle. */
export interface CycleLink<Waiter, Holder> {
  readonly waiter: Waiter
  readonly holder: Holder
  readonly next?: Waiter
}

/**
 * Looks whether a wait could never end: whether the chain "waits for its holder, who waits for …" comes back to a lock of the waiting
 * flow itself. Links are single grants that a waiting flow is known to hold, never processes, so independent flows of one process are no
 * cycle.
 */
export function findCycle<Waiter, Holder>(
  start: Waiter,
  graph: WaitGraph<Waiter, Holder>,
): CycleLink<Waiter, Holder>[] | undefined {
  const visited = new Set<string>()
  const follow = (waiter: Waiter): CycleLink<Waiter, Holder>[] | undefined => {
    // Behind an exclusive waiter a sharer waits for the sharers inside as well.
    const waitsForSharers = graph.modeOf(waiter) === 'exclusive' || graph.isBehindExclusive(waiter)
    for (const holder of graph.holdersFor(waiter)) {
      if (graph.modeOf(holder) === 'shared' && !waitsForSharers) continue
      const id = graph.idOf(holder)
      if (visited.has(id)) continue
      visited.add(id)
      if (graph.closes(holder, waiter)) return [{ waiter, holder }]
      for (const next of graph.waitersHolding(holder)) {
        const rest = follow(next)
        if (rest !== undefined) return [{ waiter, holder, next }, ...rest]
      }
    }
    return undefined
  }
  return follow(start)
}
