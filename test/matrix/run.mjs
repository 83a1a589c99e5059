// `npm run test:matrix`: the behaviour table with every supported major of the frameworks on every maintained Node, and
// the table of the results for docs/reference/support.md and README.md. `npm run test:matrix -- 24` is one Node only, and writes nothing.
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
  const columns = await inPairs(majors, async (major) => {
    const node = findNode(major)
    const nodeVersion = execFileSync(node, ['-p', 'process.versions.node'], {
      encoding: 'utf8',
    }).trim()
    const hosts = installed
      .filter(({ engines }) => isInRange(nodeVersion, engines))
      .map(({ framework, version, program, extra, folder: home }) => ({
        title: `${framework} ${version}`,
        program,
        framework: resolveEntry(node, home, framework),
        ...extra,
      }))
    const results = await runSuite(node, hosts, join(folder, `node-${major}.json`))
    for (const [title, { failed }] of results) {
      for (const name of failed) console.error(`Node ${nodeVersion}: ${name} (${title})`)
      if (failed.length > 0) process.exitCode = 1
    }
    return { title: `Node ${nodeVersion}`, results }
  })
  const rows = installed.map(({ framework, version }) => {
    const title = `${framework} ${version}`
    return { title, cells: columns.map(({ results }) => cellOf(results.get(title))) }
  })
  const table = toMarkdown(
    columns.map(({ title }) => title),
    rows,
  )
  console.log(table)
  if (wanted.length === 0) await writeTable(table)
} finally {
  rmSync(folder, { recursive: true, force: true })
}

/**
 * Two at a time, as the tests themselves run: more only makes each slower.
 *
 * @template Result
 * @param {number[]} majors
 * @param {(major: number) => Promise<Result>} run
 */
async function inPairs(majors, run) {
  /** @type {Result[]} */
  const results = []
  const left = majors.map((major, index) => ({ major, index }))
  const work = async () => {
    for (let next = left.shift(); next !== undefined; next = left.shift())
      results[next.index] = await run(next.major)
  }
  await Promise.all([work(), work()])
  return results
}

/** @param {import('./run-suite.mjs').SuiteResult | undefined} result */
function cellOf(result) {
  if (result === undefined) return '–'
  const total = result.passed.length + result.failed.length
  return result.failed.length === 0 ? `✓ ${total}` : `✗ ${result.failed.length} of ${total}`
}
