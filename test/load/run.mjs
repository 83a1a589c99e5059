// Repeats the tests on a busy machine, to find those that depend on its speed: `npm run test:load [-- filters… --runs=20
// --load=16]`. The load is that many processes that compute. The exit code is 1 if any run had a failure.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { root } from '../../scripts/workspaces.mjs'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    runs: { type: 'string', default: '20' },
    load: { type: 'string', default: '16' },
  },
})
const runs = toCount('--runs', values.runs)
const load = toCount('--load', values.load)
const folder = mkdtempSync(join(tmpdir(), 'cli-ops-load-'))
const computing = Array.from({ length: load }, () =>
  spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' }),
)
let greenRuns = 0
try {
  for (let run = 1; run <= runs; run += 1) {
    const began = performance.now()
    const { passed, failures } = await runTests(join(folder, `${run}.json`))
    const seconds = Math.round((performance.now() - began) / 1000)
    console.log(`run ${run} of ${runs}: ${passed} passed, ${failures.length} failed, ${seconds} s`)
    for (const failure of failures) console.log(`  ${failure}`)
    if (failures.length === 0) greenRuns += 1
  }
} finally {
  for (const child of computing) child.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
}
console.log(`${greenRuns} of ${runs} runs without a failure, at a load of ${load}`)
if (greenRuns < runs) process.exitCode = 1

/**
 * Runs the tests once.
 *
 * @param {string} report
 * @returns {Promise<{ passed: number, failures: string[] }>} the names of those that failed
 */
async function runTests(report) {
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs')
  const args = ['run', '--reporter=json', `--outputFile=${report}`, ...positionals]
  const child = spawn(process.execPath, [vitest, ...args], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  await once(child, 'close')
  /** @type {import('vitest/reporters').JsonTestResults} */
  const { numPassedTests, testResults } = JSON.parse(readFileSync(report, 'utf8'))
  const failures = testResults.flatMap(({ name, status, message, assertionResults }) => {
    const failed = assertionResults.filter((test) => test.status === 'failed')
    if (failed.length > 0) return failed.map(({ fullName }) => `${name}: ${fullName}`)
    // A file that could not be loaded has no tests.
    return status === 'failed' ? [`${name}: ${message}`] : []
  })
  return { passed: numPassedTests, failures }
}

/** @param {string} option @param {string} text @throws TypeError if it is no positive number */
function toCount(option, text) {
  if (/^[1-9]\d*$/u.test(text)) return Number(text)
  throw new TypeError(`${option} must be a positive whole number, got ${JSON.stringify(text)}`)
}
