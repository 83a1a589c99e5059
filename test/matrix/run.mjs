// `npm run test:matrix`: runs the behaviour table with every supported major of the frameworks on every maintained
// Node, on Bun and on Deno, and writes the table of results for docs/reference/support.md. `npm run
// test:matrix -- 24 bun` runs only those, and writes nothing.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { findNode } from '../../scripts/find-node.mjs'
import { FRAMEWORKS, NODE_MAJORS, OTHER_RUNTIMES } from './combinations.mjs'
import { isInRange } from './engines.mjs'
import { installFramework, installRuntime, resolveEntry } from './install.mjs'
import { runSuite, WITHOUT_FRAMEWORK } from './run-suite.mjs'
import { toMarkdown, writeTable } from './support-table.mjs'

const wanted = process.argv.slice(2)
const isWanted = (/** @type {number | string} */ name) =>
  wanted.length === 0 || wanted.includes(String(name))
const folder = mkdtempSync(join(tmpdir(), 'cli-ops-matrix-'))

/** @typedef {{ title: string, runtime: string[], runs: (engines: string) => boolean, differences: import('./combinations.mjs').Difference[] }} Runtime */

try {
  const installed = FRAMEWORKS.map((framework) => ({
    ...framework,
    ...installFramework(folder, framework),
  }))
  /** @type {(() => Runtime)[]} */
  const runtimes = [
    ...NODE_MAJORS.filter(isWanted).map((major) => () => {
      const node = findNode(major)
      const version = execFileSync(node, ['-p', 'process.versions.node'], {
        encoding: 'utf8',
      }).trim()
      return {
        title: `Node ${version}`,
        runtime: [node],
        runs: (/** @type {string} */ engines) => isInRange(version, engines),
        differences: [],
      }
    }),
    ...OTHER_RUNTIMES.filter(({ name }) => isWanted(name)).map(
      ({ name, args, differences }) =>
        () => {
          const { executable, version } = installRuntime(folder, name)
          return {
            title: `${name[0]?.toUpperCase()}${name.slice(1)} ${version}`,
            runtime: [executable, ...args],
            runs: () => true,
            differences,
          }
        },
    ),
  ]
  const columns = await inPairs(runtimes, async (find) => {
    const { title: runtimeTitle, runtime, runs, differences } = find()
    const hosts = installed
      .filter(({ engines }) => runs(engines))
      .map(({ framework, version, program, extra, folder: home }) => ({
        title: `${framework} ${version}`,
        program,
        framework: resolveEntry(process.execPath, home, framework),
        ...extra,
      }))
    const report = join(folder, `${runtimeTitle.replaceAll(' ', '-')}.json`)
    const results = await runSuite(runtime, hosts, { report, differences })
    for (const [title, { failed }] of results) {
      for (const name of failed) console.error(`${runtimeTitle}: ${name} (${title})`)
      if (failed.length > 0) process.exitCode = 1
    }
    return { title: runtimeTitle, results, differences }
  })
  const titles = [
    ...installed.map(({ framework, version }) => `${framework} ${version}`),
    ...WITHOUT_FRAMEWORK,
  ]
  const rows = titles.map((title) => ({
    title,
    cells: columns.map(({ results }) => cellOf(results.get(title))),
  }))
  const table = toMarkdown(
    columns.map(({ title }) => title),
    rows,
    columns.flatMap(({ title, differences }) =>
      differences.map(({ cause }) => `${title.split(' ')[0]}: ${cause}`),
    ),
  )
  console.log(table)
  if (wanted.length === 0) await writeTable(table)
} finally {
  rmSync(folder, { recursive: true, force: true })
}

/**
 * Runs two at a time, as the tests themselves run: more would only slow each down.
 *
 * @template Item, Result
 * @param {Item[]} items
 * @param {(item: Item) => Promise<Result>} run
 */
async function inPairs(items, run) {
  /** @type {Result[]} */
  const results = []
  const left = items.map((item, index) => ({ item, index }))
  const work = async () => {
    for (let next = left.shift(); next !== undefined; next = left.shift())
      results[next.index] = await run(next.item)
  }
  await Promise.all([work(), work()])
  return results
}

/** @param {import('./run-suite.mjs').SuiteResult | undefined} result */
function cellOf(result) {
  if (result === undefined) return '–'
  const { passed, failed, different } = result
  const total = passed.length + failed.length + different.length
  if (total === 0) return '–'
  if (failed.length > 0) return `✗ ${failed.length} of ${total}`
  return different.length === 0 ? `✓ ${total}` : `✓ ${passed.length} of ${total}`
}
