import type { LockInfo, LockWaiter } from '@cli-ops/shared-ipc'
import { definite, type LockTurn } from '@cli-ops/shared-ipc/ops'

import { KeptList, type Revisions } from './kept-list.js'
import type { HoldView, LockView, QueueView, WaiterView } from './live-types.js'
import { ownerView } from './owner-view.js'
import { queueSteps } from './queue-steps.js'

/** How long finished holds and queues are kept. */
const HISTORY_MS = 10 * 60_000

const MAX_KEPT = 2000

/** What is known about a resource beyond its current state. */
interface Lane {
  /** The keys of current holds, by grant id. */
  readonly holds: Map<string, number>
  queueLength: number
}

/**
 * Builds a history of locks from repeated checks. Holds that begin and end between two checks are not seen. The start of
 * a hold is exact, since the lock records it.
 */
export class LockHistory {
  readonly holds: KeptList<HoldView>
  readonly queues: KeptList<QueueView>
  locks: readonly LockView[] = []
  readonly #lanes = new Map<string, Lane>()

  constructor(revisions: Revisions) {
    this.holds = new KeptList(revisions, MAX_KEPT)
    this.queues = new KeptList(revisions, MAX_KEPT)
  }

  /** Starts with the turns that ended before the first check, oldest first. */
  recall(turns: readonly LockTurn[], at: number): void {
    const recent = turns.filter(({ time }) => time.getTime() >= at - HISTORY_MS)
    for (const { resource, id = '', label, slot, time, heldMs, holder } of recent) {
      if (heldMs === undefined) continue
      const to = time.getTime()
      const { name, command, pid = 0, host = '', user = '' } = holder
      // Nobody knows how it was while it held the lock; that it has ended since says nothing of its turn.
      const owner = { name, pid, host, user, state: 'running' as const, ...definite({ command }) }
      const facts = definite({ label, slot })
      this.holds.add({ resource, id, mode: 'exclusive', owner, from: to - heldMs, to, ...facts })
    }
    for (const step of queueSteps(recent)) this.queues.add(step)
  }

  /** Adds the result of one check. Returns true if something changed. */
  observe(infos: readonly LockInfo[], at: number): boolean {
    const before = JSON.stringify(this.locks)
    this.locks = infos.map((info) => this.#observeLock(info, at))
    const present = new Set(infos.map(({ resource }) => resource))
    for (const [resource, lane] of this.#lanes) {
      if (present.has(resource)) continue
      this.#endHolds(lane, at)
      this.#noteQueue(resource, lane, 0, at)
      this.#lanes.delete(resource)
    }
    const oldest = at - HISTORY_MS
    this.holds.keep(({ to = at }) => to >= oldest)
    this.#trimQueues(oldest)
    return JSON.stringify(this.locks) !== before
  }

  #observeLock(info: LockInfo, at: number): LockView {
    const { resource, id, token, mode } = info
    const lane = this.#laneOf(resource)
    // Another machine's clock can be ahead of this one's.
    const holders = info.holders.map((holder) => ({
      ...waiterView(holder, at),
      id: holder.id,
      token: holder.token.toString(),
    }))
    this.#observeHolds(lane, { resource, mode, holders }, at)
    const waiters = info.waiting.map((waiter) => waiterView(waiter, at))
    this.#noteQueue(resource, lane, waiters.length, at)
    const since = Math.min(info.since.getTime(), at)
    const owner = ownerView(info.owner)
    const closedUntil = info.closedUntil?.getTime()
    const view = { resource, id, token: token.toString(), mode, since, owner, holders, waiters }
    return { ...view, ...definite({ closedUntil }) }
  }

  #observeHolds(
    lane: Lane,
    { resource, mode, holders }: Pick<LockView, 'resource' | 'mode' | 'holders'>,
    at: number,
  ): void {
    const present = new Set(holders.map(({ id }) => id))
    const come = holders.filter(({ id }) => !lane.holds.has(id))
    // The current holder came after any exclusive holders before it.
    const changedAt = Math.min(at, ...come.map(({ since }) => since))
    this.#endHolds(lane, changedAt, present)
    for (const { id, token: _token, since, label, slot, ...owner } of come) {
      const hold = { resource, id, mode, owner, from: since, ...definite({ label, slot }) }
      lane.holds.set(id, this.holds.add(hold))
    }
  }

  #noteQueue(resource: string, lane: Lane, length: number, at: number): void {
    if (lane.queueLength === length) return
    lane.queueLength = length
    this.queues.add({ resource, at, length })
  }

  /** Ends all other holds of a resource. */
  #endHolds(lane: Lane, to: number, present: ReadonlySet<string> = new Set()): void {
    for (const [id, key] of lane.holds) {
      if (present.has(id)) continue
      this.holds.update(key, { to: Math.max(to, this.#beginningOf(key)) })
      lane.holds.delete(id)
    }
  }

  #beginningOf(hold: number): number {
    return this.holds.items.findLast(({ key }) => key === hold)?.from ?? 0
  }

  /** Keeps the last step before the history begins: it gives the queue length at that time. */
  #trimQueues(oldest: number): void {
    if ((this.queues.items[0]?.at ?? oldest) >= oldest) return
    const kept = new Map<string, number>()
    for (const { resource, at, key } of this.queues.items) if (at < oldest) kept.set(resource, key)
    this.queues.keep(
      ({ at, key, resource, length }) => at >= oldest || (kept.get(resource) === key && length > 0),
    )
  }

  #laneOf(resource: string): Lane {
    let lane = this.#lanes.get(resource)
    if (lane === undefined) {
      lane = { holds: new Map(), queueLength: 0 }
      this.#lanes.set(resource, lane)
    }
    return lane
  }
}

function waiterView({ owner, since, label, mode }: LockWaiter, at: number): WaiterView {
  const began = Math.min(since.getTime(), at)
  return { ...ownerView(owner), since: began, ...definite({ label, mode }) }
}
