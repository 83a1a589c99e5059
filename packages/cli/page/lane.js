/** @import { HoldView, QueueView } from '../src/live/live-types.js' */
import { svg } from './elements.js'
import { hueOf, programOf } from './format.js'
import { clockText, spanText } from './units.js'

export const WINDOW_MS = 5 * 60_000

const WIDTH = 1000
const HEIGHT = 34
const BAR = 16
const QUEUE_TOP = 20
/** A queue of this length fills the room; longer ones look the same. */
const FULL_QUEUE = 4
/** A hold that was too short to be seen is seen all the same. */
const MIN_WIDTH = 1.5

/**
 * Draws who held a lock and how long its queue was, over the last minutes.
 *
 * @param {string} resource
 * @param {readonly HoldView[]} holds of this resource
 * @param {readonly QueueView[]} queues of this resource, oldest first
 * @param {number} now
 */
export function drawLane(resource, holds, queues, now) {
  const begin = now - WINDOW_MS
  /** @param {number} at */
  const x = (at) => (Math.max(0, at - begin) / WINDOW_MS) * WIDTH
  const bars = holds
    .filter(({ to = now }) => to > begin)
    .map((hold) => {
      const { owner, slot, from, to = now, mode } = hold
      const left = x(from)
      const what = slot === undefined ? '' : ` on ${slot}`
      const text = `${programOf(owner)}${what}, ${clockText(from)}, ${spanText(to - from)}`
      return svg(
        'rect',
        {
          class: `hold ${mode} ${hueOf(programOf(owner))}`,
          x: left.toFixed(1),
          y: 0,
          width: Math.max(MIN_WIDTH, x(to) - left).toFixed(1),
          height: BAR,
          rx: 2,
        },
        svg('title', {}, text),
      )
    })
  const steps = queues.map(({ at, length }, index) => {
    const to = queues[index + 1]?.at ?? now
    if (length === 0 || to <= begin) return undefined
    const height = (Math.min(length, FULL_QUEUE) / FULL_QUEUE) * (HEIGHT - QUEUE_TOP)
    return svg(
      'rect',
      {
        class: 'waiting',
        x: x(at).toFixed(1),
        y: QUEUE_TOP,
        width: Math.max(MIN_WIDTH, x(to) - x(at)).toFixed(1),
        height: height.toFixed(1),
      },
      svg('title', {}, `${length} waiting`),
    )
  })
  return svg(
    'svg',
    {
      class: 'lane',
      viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
      preserveAspectRatio: 'none',
      role: 'img',
      'aria-label': `${resource}: ${bars.length} holders in the last five minutes`,
    },
    svg('rect', { class: 'ground', x: 0, y: 0, width: WIDTH, height: BAR, rx: 2 }),
    ...bars,
    ...steps,
  )
}
