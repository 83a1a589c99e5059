// `npm run test:matrix`: the behaviour table with every supported major of the frameworks on every maintained Node, and
// the table of the results for docs/reference/support.md. `npm run test:matrix -- 24` is one Node only, and writes nothing.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { FRAMEWORKS, NODE_MAJORS } from './combinations.mjs'
import { isInRange } from './engines.mjs'
import { findNode, installFramework, resolveEntry } from './install.mjs'
import { runSuite } from './run-suite.mjs'
import { toMarkdown, writeTable } from './support-table.mjs'

const wanted = process.argv.slice(2).map(Number)
const majors = wanted.length > 0 ? wanted : NODE_MAJORS
const folder = mkdtempSync(join(tmpdir(), 'cli-ops-matrix-'))

try {
  const installed = FRAMEWORKS.map((framework) => ({
    ...framework,
    ...installFramework(folder, framework),
  }))
  const rows = installed.map(({ framework, version }) => ({
    title: `${framework} ${version}`,
    /** @type {string[]} */ cells: [],
  }))
  const columns = []
  for (const major of majors) {
    const node = findNode(major)
    const nodeVersion = execFileSync(node, ['-p', 'process.versions.node'], { encoding: 'utf8' })
    columns.push(`Node ${nodeVersion.trim()}`)
    const hosts = installed
      .filter(({ engines }) => isInRange(nodeVersion.trim(), engines))
      .map(({ framework, version, program, extra, folder: home }) => ({
        title: `${framework} ${version}`,
        program,
        framework: resolveEntry(node, home, framework),
        ...extra,
      }))
    const results = await runSuite(node, hosts, join(folder, `node-${major}.json`))
    for (const row of rows) row.cells.push(cellOf(results.get(row.title)))
    for (const [title, { failed }] of results) {
      for (const name of failed) console.error(`Node ${nodeVersion.trim()}, ${title}: ${name}`)
      if (failed.length > 0) process.exitCode = 1
    }
  }
  const table = toMarkdown(columns, rows)
  console.log(table)
  if (wanted.length === 0) writeTable(table)
} finally {
  rmSync(folder, { recursive: true, force: true })
}

/** @param {{ passed: number, failed: string[] } | undefined} result */
function cellOf(result) {
  if (result === undefined) return '–'
  const total = result.passed + result.failed.length
  return result.failed.length === 0 ? `✓ ${total}` : `✗ ${result.failed.length} of ${total}`
}
