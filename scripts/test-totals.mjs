// Prints the totals of a vitest JSON report as one line: "N passed, N failed".
// usage: node scripts/test-totals.mjs <report.json> <vitest's exit code>
import { readFileSync } from 'node:fs'
import process from 'node:process'

const [path = '', exitCode] = process.argv.slice(2)
const text = readFileSync(path, 'utf8')
if (text === '') {
  console.log(`vitest wrote no report (exit code ${exitCode})`)
} else {
  /** @type {import('vitest/reporters').JsonTestResults} */
  const report = JSON.parse(text)
  // A test file that fails to load has no tests, and counts as one failure.
  const broken = report.testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0,
  ).length
  const failed = report.numFailedTests + broken
  const skipped = report.numPendingTests + report.numTodoTests
  const notes = [
    skipped > 0 ? `, ${skipped} skipped` : '',
    failed === 0 && exitCode !== '0' ? `, but the run ended with exit code ${exitCode}` : '',
  ]
  console.log(`${report.numPassedTests} passed, ${failed} failed${notes.join('')}`)
}
