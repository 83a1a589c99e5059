import { formatNumber } from '../format-figures.mjs'
import { createScale } from './scale.mjs'
import { COLOURS, round, svgLine, svgPage, svgText } from './svg-page.mjs'

const WIDTH = 720
const HEIGHT = 400
const LEFT = 78
const RIGHT = 20
const TOP = 64
const BOTTOM = 52

/** Draws growth: one line with dots for each series. @param {import('../report.mjs').Plot} plot */
export function linePlot({ title, x, y, series }) {
  const points = series.flatMap(({ points: own }) => own)
  const xScale = createScale(
    points.map(([value]) => value),
    { start: LEFT, end: WIDTH - RIGHT, log: x.log },
  )
  const yScale = createScale(
    points.map(([, value]) => value),
    { start: HEIGHT - BOTTOM, end: TOP, log: y.log, fromZero: true },
  )
  return svgPage({
    width: WIDTH,
    height: HEIGHT,
    title,
    body: [
      ...yScale.ticks.flatMap((tick) => [
        svgLine(LEFT, yScale.at(tick), WIDTH - RIGHT, yScale.at(tick), 'grid'),
        svgText(LEFT - 8, yScale.at(tick) + 4, formatNumber(tick), 'end'),
      ]),
      ...xScale.ticks.flatMap((tick) => [
        svgLine(xScale.at(tick), TOP, xScale.at(tick), HEIGHT - BOTTOM, 'grid'),
        svgText(xScale.at(tick), HEIGHT - BOTTOM + 18, formatNumber(tick), 'middle'),
      ]),
      svgText((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 12, x.label, 'middle'),
      svgText(16, TOP - 10, y.label),
      ...series.flatMap(({ name, points: own }, index) => {
        const colour = COLOURS[index % COLOURS.length] ?? ''
        const places = own.map(([a, b]) => [round(xScale.at(a)), round(yScale.at(b))])
        const legendX = WIDTH - RIGHT - 150 * (series.length - index)
        return [
          `<polyline fill="none" stroke="${colour}" stroke-width="2" points="${places.join(' ')}"/>`,
          ...places.map(([cx, cy]) => `<circle cx="${cx}" cy="${cy}" r="3" fill="${colour}"/>`),
          `<rect x="${legendX}" y="${TOP - 20}" width="10" height="10" rx="2" fill="${colour}"/>`,
          svgText(legendX + 16, TOP - 11, name),
        ]
      }),
    ],
  })
}
