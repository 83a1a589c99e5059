import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { AREAS } from './discover.mjs'
import { resultsPage } from './results-page.mjs'
import { linePlot } from './plots/line-plot.mjs'
import { ratioPlot } from './plots/ratio-plot.mjs'

/**
 * @typedef {import('./start-module.mjs').ModuleResult & {
 *   date: string, quick: boolean, seconds: number, svgs: string[] }} SavedModule
 * @typedef {Record<string, SavedModule>} SavedArea modules by name, in the order of their names
 */

/**
 * Writes one module's results: its part of `<area>.json`, its plots, and the page of all tables. Other modules' earlier
 * results are kept.
 *
 * @param {string} folder
 * @param {{ area: string, name: string }} benchmark
 * @param {import('./start-module.mjs').ModuleResult} result
 * @param {{ quick: boolean, seconds: number }} run
 */
export function saveResults(folder, { area, name }, result, { quick, seconds }) {
  mkdirSync(folder, { recursive: true })
  const prefix = `${area}-${name}-`
  for (const file of readdirSync(folder)) {
    if (file.startsWith(prefix) && file.endsWith('.svg')) rmSync(join(folder, file))
  }
  const svgs = [
    { name: 'ratios', svg: ratioPlot(result.title, result.rows) },
    ...result.plots.map((plot) => ({ name: plot.name, svg: linePlot(plot) })),
  ].flatMap(({ name: plot, svg }) => {
    if (svg === undefined) return []
    writeFileSync(join(folder, `${prefix}${plot}.svg`), svg)
    return [`${prefix}${plot}.svg`]
  })
  const date = new Date().toISOString().slice(0, 10)
  const saved = {
    ...readArea(folder, area),
    [name]: { ...result, date, quick, seconds, svgs },
  }
  const sorted = Object.fromEntries(Object.entries(saved).sort(([a], [b]) => (a < b ? -1 : 1)))
  writeFileSync(join(folder, `${area}.json`), `${JSON.stringify(sorted, null, 2)}\n`)
  const areas = AREAS.map((each) => ({ area: each, modules: readArea(folder, each) }))
  writeFileSync(join(folder, 'results.md'), resultsPage(areas))
}

/** @param {string} folder @param {string} area @returns {SavedArea} */
function readArea(folder, area) {
  const path = join(folder, `${area}.json`)
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : {}
}
