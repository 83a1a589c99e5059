import {
  clockText,
  describeClosed,
  describeWaiter,
  printable,
  spanText,
  type Style,
} from '@cli-ops/shared-ipc/ops'
import { describeOwner } from '@cli-ops/shared-ipc'

import type { Snapshot } from '../live/live-types.js'

const SHOWN_HOLDS = 8

/** One line and its style. */
export interface Line {
  readonly text: string
  readonly style?: keyof Style | undefined
}

/** Returns everything about one lock: the holder, the queue in order, and the previous holders. */
export function lockLines(resource: string, { locks, holds, at }: Snapshot): Line[] {
  const lock = locks.find((candidate) => candidate.resource === resource)
  const ended = holds.filter((hold) => hold.resource === resource && hold.to !== undefined)
  const history = ended.slice(-SHOWN_HOLDS).reverse()
  return [
    { text: printable(resource), style: 'bold' },
    { text: '' },
    ...(lock === undefined
      ? [{ text: 'No process holds it or waits for it.' }]
      : lockFacts(lock, at)),
    ...(history.length === 0 ? [] : [{ text: '' }, { text: 'HELD BEFORE', style: 'dim' as const }]),
    ...history.map(({ owner, label, slot, from, to = at }) => ({
      text: `  ${clockText(from)}  ${spanText(to - from).padStart(8)}  ${describeOwner(owner, label, slot)}`,
    })),
  ]
}

function lockFacts(lock: Snapshot['locks'][number], at: number): Line[] {
  const { mode, holders, waiters, closedUntil } = lock
  const holder: Line[] =
    holders.length === 0
      ? [
          {
            text:
              closedUntil === undefined
                ? 'No process holds it right now; the first in the queue is about to.'
                : `No process holds it: ${describeClosed(new Date(closedUntil))}.`,
          },
        ]
      : holders.flatMap((held, index) => [
          ...(index === 0 ? [] : [{ text: '' }]),
          { text: `holder   ${describeOwner(held, held.label)}` },
          ...(held.slot === undefined ? [] : [{ text: `slot     ${printable(held.slot)}` }]),
          {
            text: `state    ${held.state}${remarkOn(held.state)}`,
            style: held.state === 'running' ? undefined : ('bad' as const),
          },
          { text: `since    ${clockText(held.since)}, for ${spanText(at - held.since)}` },
          { text: `mode     ${mode}` },
          { text: `id       ${printable(held.id)}` },
          { text: `token    ${held.token}` },
        ])
  return [
    ...holder,
    { text: '' },
    { text: waiters.length === 0 ? 'NO WAITERS' : 'QUEUE, NEXT FIRST', style: 'dim' },
    ...waiters.map((waiter, index) => {
      const waited = spanText(at - waiter.since)
      return {
        text: `  ${String(index + 1).padStart(2)}. ${waited.padStart(8)}  ${describeWaiter(waiter, waiter)}`,
      }
    }),
  ]
}

function remarkOn(state: string): string {
  if (state === 'stopped') return ' (suspended; kill -CONT resumes it)'
  return state === 'unknown' ? ' (cannot be checked from here; counts as alive)' : ''
}
