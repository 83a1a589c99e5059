// Measures the kit beside its peers: `npm run bench [-- names… --node=22,24 --quick --json --instructions]`.
//
//   names           areas (startup, locks, events, rpc) or modules of them; all if missing
//   --node          majors of Node, from the npm registry; their results are kept apart from those of the running one
//   --quick         a tenth of the samples, results to .cache/: to check that everything runs
//   --json          the results as JSON on stdout instead of tables
//   --instructions  count machine instructions too, if valgrind is installed
//
// The exit code is 1 if something could not be run. A missed goal is a result.
import { dirname, join, relative } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { findNode } from '../scripts/find-node.mjs'
import { discover } from './harness/discover.mjs'
import { COLUMNS, rowCells } from './harness/format-figures.mjs'
import { machineFacts } from './harness/machine-facts.mjs'
import { writeReadmeSection } from './harness/readme-section.mjs'
import { saveResults } from './harness/save-results.mjs'
import { startModule } from './harness/start-module.mjs'
import { terminalTable } from './harness/terminal-table.mjs'

const folder = dirname(fileURLToPath(import.meta.url))
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    node: { type: 'string' },
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    instructions: { type: 'boolean', default: false },
  },
})
const { quick, json, instructions } = values
const majors = values.node?.split(',').map((major) => toMajor(major)) ?? [undefined]
// Rough figures must not replace good ones.
const results = quick ? join(folder, '../.cache/benchmarks/results') : join(folder, 'results')
const counts = { yes: 0, no: 0, 'too close': 0, unrun: 0 }
/** @type {object[]} */
const all = []

print(Object.values(machineFacts()).join(', '))
for (const major of majors) {
  const node = major === undefined ? process.execPath : findNode(major)
  for (const benchmark of discover(folder, positionals)) await measure(node, benchmark, major)
}
if (!quick) await writeReadmeSection(join(folder, '../README.md'), results)
print(
  `\ngoals: ${counts.yes} met, ${counts.no} missed, ${counts['too close']} too close to call; ` +
    `${counts.unrun} could not be run; written to ${relative(process.cwd(), results)}/`,
)
if (json) console.log(JSON.stringify({ machine: machineFacts(), quick, results: all }, null, 2))
if (counts.unrun > 0) process.exitCode = 1

/**
 * @param {string} node
 * @param {import('./harness/discover.mjs').Benchmark} benchmark
 * @param {number | undefined} major
 */
async function measure(node, { area, name, path }, major) {
  const started = performance.now()
  const measured = await startModule(
    node,
    { area, name, path },
    { quick, instructions },
    showProgress,
  )
  showProgress('')
  const seconds = Math.round((performance.now() - started) / 1000)
  const title = major === undefined ? measured.title : `${measured.title} on Node ${major}`
  const result = { ...measured, title }
  const saved = major === undefined ? name : `${name}-node${major}`
  // A module that could not run keeps its earlier results.
  if (result.rows.length + result.plots.length > 0)
    saveResults(results, { area, name: saved }, result, { quick, seconds })
  all.push({ area, name: saved, ...result })
  printResult(result, seconds)
  counts.unrun += result.unrun.length
  for (const { met } of result.rows.flatMap(({ goals }) => goals)) counts[met] += 1
}

/** @param {string} text @throws TypeError if it is no major of Node */
function toMajor(text) {
  if (/^[1-9]\d$/u.test(text)) return Number(text)
  throw new TypeError(`--node must be majors of Node such as 22,24, got ${JSON.stringify(text)}`)
}

/** @param {import('./harness/start-module.mjs').ModuleResult} result @param {number} seconds */
function printResult({ title, rows, notes, unrun }, seconds) {
  print(`\n${title} (${seconds} s)\n`)
  if (rows.length > 0) print(terminalTable(COLUMNS, rows.map(rowCells)))
  for (const { what, why } of unrun) print(`COULD NOT RUN ${what}: ${why}`)
  for (const note of notes) print(`· ${note}`)
  for (const { what, goals } of rows) {
    for (const { text, met } of goals) if (met === 'no') print(`MISSED ${what}: ${text}`)
  }
}

/** @param {string} text */
function print(text) {
  if (!json) console.log(text)
}

/** @param {string} text */
function showProgress(text) {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[2K${text}`)
  else if (text !== '') process.stderr.write(`${text}\n`)
}
