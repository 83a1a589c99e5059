import { describeOwner } from '@cli-ops/shared-ipc'

import type { Snapshot } from '../live/live-types.js'
import { printable } from '../terminal/fit-text.js'
import type { Style } from '../terminal/style.js'
import { clockText, spanText } from '../terminal/time-text.js'

const SHOWN_HOLDS = 8

/** One line with how it is dressed. */
export interface Line {
  readonly text: string
  readonly dress?: keyof Style | undefined
}

/** Everything about one lock: the holder, the queue in its order, and who held it before. */
export function lockLines(resource: string, { locks, holds, at }: Snapshot): Line[] {
  const lock = locks.find((candidate) => candidate.resource === resource)
  const ended = holds.filter((hold) => hold.resource === resource && hold.to !== undefined)
  const history = ended.slice(-SHOWN_HOLDS).reverse()
  return [
    { text: printable(resource), dress: 'bold' },
    { text: '' },
    ...(lock === undefined
      ? [{ text: 'Nobody holds it or waits for it now.' }]
      : lockFacts(lock, at)),
    ...(history.length === 0 ? [] : [{ text: '' }, { text: 'HELD BEFORE', dress: 'dim' as const }]),
    ...history.map(({ owner, from, to = at }) => ({
      text: `  ${clockText(from)}  ${spanText(to - from).padStart(8)}  ${describeOwner(owner)}`,
    })),
  ]
}

function lockFacts(lock: Snapshot['locks'][number], at: number): Line[] {
  const { id, token, mode, owner, since, waiters } = lock
  const holder: Line[] =
    id === ''
      ? [{ text: 'Nobody holds it at this moment; the first in the queue is about to.' }]
      : [
          { text: `holder   ${describeOwner(owner)}` },
          {
            text: `state    ${owner.state}${remarkOn(owner.state)}`,
            dress: owner.state === 'running' ? undefined : 'bad',
          },
          { text: `since    ${clockText(since)}, for ${spanText(at - since)}` },
          { text: `mode     ${mode}` },
          { text: `id       ${printable(id)}` },
          { text: `token    ${token}` },
        ]
  return [
    ...holder,
    { text: '' },
    { text: waiters.length === 0 ? 'NOBODY WAITS' : 'QUEUE, NEXT FIRST', dress: 'dim' },
    ...waiters.map((waiter, place) => {
      const waited = `${waiter.isLonger ? '>' : ''}${spanText(at - waiter.since)}`
      return {
        text: `  ${String(place + 1).padStart(2)}. ${waited.padStart(8)}  ${describeOwner(waiter)}`,
      }
    }),
  ]
}

function remarkOn(state: string): string {
  if (state === 'stopped') return ' (suspended; kill -CONT resumes it)'
  return state === 'unknown' ? ' (cannot be judged from here, and counts as alive)' : ''
}
