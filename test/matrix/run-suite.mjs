import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { root } from '../../scripts/workspaces.mjs'

/** A run that takes longer than this hangs, even on a busy machine. */
const LIMIT_MS = 60 * 60_000

const FILES = ['test/behaviour', 'test/environments/other-runtimes']

/** What is tested besides the frameworks. The last one is for runtimes other than Node; other tests cover Node. */
export const WITHOUT_FRAMEWORK = [
  'the four primitives',
  'the example cli-alpha',
  'locks in containers and without rights',
]

/**
 * @typedef {{ ancestorTitles: string[], status: string, fullName: string }} Assertion
 * @typedef {{ passed: string[], failed: string[], different: string[] }} SuiteResult names of tests
 */

/**
 * Runs the behaviour table with its hosts, the four primitives, an example CLI and locks on one runtime.
 *
 * @param {readonly string[]} runtime executable with its arguments
 * @param {{ title: string }[]} hosts
 * @param {{ report: string, differences: readonly import('./combinations.mjs').Difference[] }} options file for the
 *   results, and what need not hold
 * @returns {Promise<Map<string, SuiteResult>>} by the title of the host
 */
export async function runSuite(runtime, hosts, { report, differences }) {
  const vitest = join(root, 'node_modules/vitest/vitest.mjs')
  const reporters = ['--reporter=json', `--outputFile=${report}`]
  const child = spawn(process.execPath, [vitest, 'run', ...FILES, ...reporters], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
    timeout: LIMIT_MS,
    env: {
      ...process.env,
      MATRIX_RUNTIME: JSON.stringify(runtime),
      MATRIX_HOSTS: JSON.stringify(hosts),
    },
  })
  await new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  const { testResults } = JSON.parse(readFileSync(report, 'utf8'))
  /** @type {Map<string, SuiteResult>} */
  const results = new Map()
  for (const title of [...hosts.map(({ title }) => title), ...WITHOUT_FRAMEWORK])
    results.set(title, { passed: [], failed: [], different: [] })
  const assertions = testResults.flatMap(
    (/** @type {{ assertionResults: Assertion[] }} */ file) => file.assertionResults,
  )
  for (const { ancestorTitles, status, fullName } of assertions) {
    // vitest quotes a title that comes from a table.
    const result = results.get(ancestorTitles[0]?.replaceAll("'", ''))
    if (status === 'passed') result?.passed.push(fullName)
    if (status !== 'failed') continue
    const isKnown = differences.some(({ tests }) => tests.test(fullName))
    result?.[isKnown ? 'different' : 'failed'].push(fullName)
  }
  return results
}
