import { formatNumber } from '../format-figures.mjs'
import { createScale } from './scale.mjs'
import { COLOURS, round, svgLine, svgPage, svgText } from './svg-page.mjs'

const WIDTH = 760
const LEFT = 330
const RIGHT = 30
const TOP = 52
const STEP = 40

/**
 * Draws the ratios of a table, one below the other: the dot is the median, the bar its 95 % confidence interval, the
 * upright stroke the goal. `undefined` if no row has a ratio.
 *
 * @param {string} title
 * @param {readonly import('../report.mjs').Row[]} rows
 */
export function ratioPlot(title, rows) {
  const lines = rows.flatMap(({ what, peer, ratio, goals }) => {
    if (ratio === undefined || peer === undefined) return []
    return [{ what, peer: `÷ ${peer.name}`, ratio, limit: ratioLimit(goals) }]
  })
  if (lines.length === 0) return undefined
  const values = lines.flatMap(({ ratio, limit }) => [ratio.low, ratio.high, limit ?? 1])
  const log = Math.max(...values) / Math.min(...values) > 4
  const height = TOP + lines.length * STEP + 48
  const scale = createScale([...values, 1], { start: LEFT, end: WIDTH - RIGHT, log })
  const bottom = height - 40
  return svgPage({
    width: WIDTH,
    height,
    title,
    body: [
      ...scale.ticks.flatMap((tick) => [
        svgLine(scale.at(tick), TOP - 8, scale.at(tick), bottom, 'grid'),
        svgText(scale.at(tick), bottom + 18, formatNumber(tick), 'middle'),
      ]),
      ...lines.flatMap(({ what, peer, ratio, limit }, index) => {
        const y = TOP + index * STEP + STEP / 2
        const colour = COLOURS[0] ?? ''
        return [
          svgText(LEFT - 14, y - 3, shorten(what), 'end'),
          svgText(LEFT - 14, y + 12, shorten(peer), 'end'),
          `<line stroke="${colour}" stroke-width="6" stroke-opacity=".45" x1="${round(scale.at(ratio.low))}" y1="${y}" x2="${round(scale.at(ratio.high))}" y2="${y}"/>`,
          `<circle cx="${round(scale.at(ratio.median))}" cy="${y}" r="4.5" fill="${colour}"/>`,
          ...(limit === undefined
            ? []
            : [svgLine(scale.at(limit), y - 11, scale.at(limit), y + 11, 'goal')]),
        ]
      }),
      svgText(
        WIDTH - RIGHT,
        height - 6,
        'dot: median, bar: 95 % interval, upright stroke: goal',
        'end',
      ),
    ],
  })
}

/** @param {readonly import('../goal.mjs').JudgedGoal[]} goals */
function ratioLimit(goals) {
  const text = goals.find(({ text: goal }) => /^[≤≥] [\d.,]+$/u.test(goal))?.text
  return text === undefined ? undefined : Number(text.slice(2).replaceAll(',', ''))
}

/** @param {string} label */
function shorten(label) {
  return label.length <= 50 ? label : `${label.slice(0, 49)}…`
}
