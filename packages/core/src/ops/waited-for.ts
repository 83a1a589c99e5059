import { groupBy } from './group-by.js'
import type { LockTurn } from './lock-turns.js'
import { commandKey } from './usual-durations.js'

/** How long others waited for the turns of one command. */
export interface WaitedFor {
  /** The command as people call it: `cli-alpha deploy`. */
  readonly holder: string
  readonly resource: string
  /** Total milliseconds that all waiters waited. */
  readonly waitedMs: number
  /** How many turns of others waited for it. */
  readonly waits: number
}

/** A span of time, in milliseconds since the epoch. */
interface Span {
  readonly turn: LockTurn
  readonly from: number
  readonly to: number
}

/** Sums up whom others waited for, the most first. A wait counts towards each holder during it. */
export function waitedFor(turns: readonly LockTurn[]): readonly WaitedFor[] {
  const sums = new Map<
    string,
    { holder: string; resource: string; waitedMs: number; waits: number }
  >()
  for (const [resource, ofOne] of groupBy(turns, (turn) => turn.resource)) {
    const holds = ofOne.flatMap(holdOf).sort((one, other) => one.to - other.to)
    for (const wait of ofOne.flatMap(waitOf)) {
      for (let at = firstAfter(holds, wait.from); at < holds.length; at += 1) {
        const hold = holds[at]
        if (hold === undefined || hold.from >= wait.to) break
        if (hold.turn === wait.turn) continue
        const waitedMs = Math.min(hold.to, wait.to) - Math.max(hold.from, wait.from)
        if (waitedMs <= 0) continue
        const holder = commandKey(hold.turn.holder.name, hold.turn.holder.command ?? '')
        const key = JSON.stringify([resource, holder])
        const sum = sums.get(key) ?? { holder, resource, waitedMs: 0, waits: 0 }
        sums.set(key, { ...sum, waitedMs: sum.waitedMs + waitedMs, waits: sum.waits + 1 })
      }
    }
  }
  return [...sums.values()].sort((one, other) => other.waitedMs - one.waitedMs)
}

function holdOf(turn: LockTurn): Span[] {
  const to = turn.time.getTime()
  return turn.heldMs === undefined ? [] : [{ turn, from: to - turn.heldMs, to }]
}

function waitOf(turn: LockTurn): Span[] {
  const { heldMs = 0, waitedMs = 0 } = turn
  const to = turn.time.getTime() - heldMs
  return waitedMs === 0 ? [] : [{ turn, from: to - waitedMs, to }]
}

/** Finds the first hold that ended after an instant, by bisection: a history can be long. */
function firstAfter(holds: readonly Span[], instant: number): number {
  let low = 0
  let high = holds.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((holds[middle]?.to ?? Infinity) > instant) high = middle
    else low = middle + 1
  }
  return low
}
