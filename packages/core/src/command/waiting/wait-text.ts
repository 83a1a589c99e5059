import { describeHolder } from '../../locks/contract/describe-owner.js'
import { describeDuration } from '../../base/terminal/units.js'
import type { LockInfo, QueueStanding } from '../../locks/contract/lock-types.js'

/** Who waits, as far as the one who tells knows. */
export interface WaitFacts {
  readonly waitedMs: number
  /** The process whose place in the queue is told. */
  readonly pid: number
}

/** A wait is not worth a word on itself before this. */
const LONG_MS = 1_000

/**
 * Says whom a wait is for: `waiting for "db", held for 12 s by cli-beta sync (pid 4242, dev@build-7)`; where others are
 * ahead also the place in the queue, and in a longer wait how long it has been.
 */
export function waitText(info: LockInfo, { waitedMs, pid }: WaitFacts): string {
  const { position, length } = info.queue ?? queueOf(info, pid)
  const facts = [
    position > 1 ? `place ${position} of ${length} in the queue` : '',
    waitedMs >= LONG_MS ? `${describeDuration(waitedMs)} so far` : '',
  ].filter((fact) => fact !== '')
  const text = `waiting for ${JSON.stringify(info.resource)}, ${describeHolder(info)}`
  return facts.length === 0 ? text : `${text}; ${facts.join(', ')}`
}

function queueOf({ waiters }: LockInfo, pid: number): QueueStanding {
  return { position: waiters.findIndex((waiter) => waiter.pid === pid) + 1, length: waiters.length }
}
