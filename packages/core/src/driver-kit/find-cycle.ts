import type { LockMode } from '../locks/contract/lock-types.js'

/** Who waits for what, read lazily as the search reaches it. */
export interface WaitGraph<Waiter, Holder> {
  readonly idOf: (holder: Holder) => string
  readonly modeOf: (of: Waiter | Holder) => LockMode
  /** Returns the holders of the lock that a waiter waits for. */
  holdersFor(waiter: Waiter): Iterable<Holder>
  /** Returns whether an exclusive waiter is ahead of this one in the queue. */
  isBehindExclusive(waiter: Waiter): boolean
  /** Returns the waiters that keep this holder of a waiter's lock from releasing it before they are granted theirs. */
  waitersHolding(holder: Holder, waiter: Waiter): Iterable<Waiter>
  /** Returns whether a lock cannot be released before the wait where the search started has ended. */
  closes(holder: Holder, waiter: Waiter): boolean
}

/** A holder that blocks a waiter, and the waiter among its flows that keeps it from releasing; absent if it closes the cycle. */
export interface CycleLink<Waiter, Holder> {
  readonly waiter: Waiter
  readonly holder: Holder
  readonly next?: Waiter
}

/**
 * Finds out whether a wait would never end: whether the chain "waits for its holder, which waits for …" leads back to a lock of the
 * waiting flow itself. Links are single grants that a waiting flow is known to hold, never processes, so independent flows of one
 * process do not form a cycle.
 */
export function findCycle<Waiter, Holder>(
  start: Waiter,
  graph: WaitGraph<Waiter, Holder>,
): CycleLink<Waiter, Holder>[] | undefined {
  const visited = new Set<string>()
  const follow = (waiter: Waiter): CycleLink<Waiter, Holder>[] | undefined => {
    // Behind an exclusive waiter, a sharer also waits for the current sharers.
    const waitsForSharers = graph.modeOf(waiter) === 'exclusive' || graph.isBehindExclusive(waiter)
    for (const holder of graph.holdersFor(waiter)) {
      if (graph.modeOf(holder) === 'shared' && !waitsForSharers) continue
      const id = graph.idOf(holder)
      if (visited.has(id)) continue
      visited.add(id)
      if (graph.closes(holder, waiter)) return [{ waiter, holder }]
      for (const next of graph.waitersHolding(holder, waiter)) {
        const rest = follow(next)
        if (rest !== undefined) return [{ waiter, holder, next }, ...rest]
      }
    }
    return undefined
  }
  return follow(start)
}
