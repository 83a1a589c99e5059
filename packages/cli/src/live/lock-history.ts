import type { LockInfo } from '@cli-ops/shared-ipc'

import { KeptList, type Revisions } from './kept-list.js'
import type { HoldView, LockView, QueueView, WaiterView } from './live-types.js'
import { ownerKey, ownerView } from './owner-view.js'

/** How long holds and queues that are over are remembered. */
const HISTORY_MS = 10 * 60_000

const MAX_KEPT = 2000

/** What is known of one resource beyond what can be seen at this moment. */
interface Lane {
  /** The hold that lasts, by its key and the id of the grant. */
  hold: { readonly key: number; readonly id: string } | undefined
  queueLength: number
  /** When each waiter was first seen. */
  waiting: Map<string, Pick<WaiterView, 'since' | 'isLonger'>>
}

/**
 * Makes a history of locks out of looks at them. What begins and ends between two looks is not seen; when a holder began
 * is exact, since the lock says so.
 */
export class LockHistory {
  readonly holds: KeptList<HoldView>
  readonly queues: KeptList<QueueView>
  locks: readonly LockView[] = []
  readonly #lanes = new Map<string, Lane>()
  #hasLooked = false

  constructor(revisions: Revisions) {
    this.holds = new KeptList(revisions, MAX_KEPT)
    this.queues = new KeptList(revisions, MAX_KEPT)
  }

  /** Takes in what one look saw. True where something differs from the look before. */
  observe(infos: readonly LockInfo[], at: number): boolean {
    const before = JSON.stringify(this.locks)
    this.locks = infos.map((info) => this.#observeLock(info, at))
    const present = new Set(infos.map(({ resource }) => resource))
    for (const [resource, lane] of this.#lanes) {
      if (present.has(resource)) continue
      this.#endHold(lane, at)
      this.#noteQueue(resource, lane, 0, at)
      this.#lanes.delete(resource)
    }
    this.#hasLooked = true
    const oldest = at - HISTORY_MS
    this.holds.keep(({ to = at }) => to >= oldest)
    this.#trimQueues(oldest)
    return JSON.stringify(this.locks) !== before
  }

  #observeLock(info: LockInfo, at: number): LockView {
    const { resource, id, token, mode } = info
    const lane = this.#laneOf(resource)
    const owner = ownerView(info.owner)
    // The clock of another machine may be ahead of this one's.
    const since = Math.min(info.since.getTime(), at)
    if (lane.hold?.id !== id) {
      this.#endHold(lane, id === '' ? at : Math.max(since, this.#beginningOf(lane)))
      if (id !== '') {
        const key = this.holds.add({ resource, id, mode, owner, from: since })
        lane.hold = { key, id }
      }
    }
    const waiters = this.#observeQueue(lane, info, at)
    this.#noteQueue(resource, lane, waiters.length, at)
    return { resource, id, token: token.toString(), mode, since, owner, waiters }
  }

  #observeQueue(lane: Lane, { waiters }: LockInfo, at: number): WaiterView[] {
    const waiting: Lane['waiting'] = new Map()
    const views = waiters.map((owner) => {
      let key = ownerKey(owner)
      // One process may wait several times.
      while (waiting.has(key)) key += '+'
      const seen = lane.waiting.get(key) ?? { since: at, isLonger: !this.#hasLooked }
      waiting.set(key, seen)
      return { ...ownerView(owner), ...seen }
    })
    lane.waiting = waiting
    return views
  }

  #noteQueue(resource: string, lane: Lane, length: number, at: number): void {
    if (lane.queueLength === length) return
    lane.queueLength = length
    this.queues.add({ resource, at, length })
  }

  #endHold(lane: Lane, to: number): void {
    if (lane.hold === undefined) return
    this.holds.update(lane.hold.key, { to })
    lane.hold = undefined
  }

  #beginningOf({ hold }: Lane): number {
    return this.holds.items.findLast(({ key }) => key === hold?.key)?.from ?? 0
  }

  /** The last step before the history begins says how long the queue was when it did. */
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
      lane = { hold: undefined, queueLength: 0, waiting: new Map() }
      this.#lanes.set(resource, lane)
    }
    return lane
  }
}
