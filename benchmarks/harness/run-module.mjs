// The process in which one benchmark module runs: alone, so that another module's heap or compiled code does not affect
// what it measures.
import process from 'node:process'
import { pathToFileURL } from 'node:url'
import { machineFacts } from './machine-facts.mjs'
import { Reporter } from './report.mjs'

const [path = '', options = '{}'] = process.argv.slice(2)
const reporter = new Reporter(JSON.parse(options), (text) => process.send?.({ progress: text }))
try {
  /** @type {import('./discover.mjs').BenchmarkModule} */
  const { title, run } = await import(pathToFileURL(path).href)
  await run(reporter)
  const result = { title, machine: machineFacts(), ...reporter.report }
  process.send?.({ result }, () => process.disconnect())
} catch (error) {
  console.error(error)
  const reason = error instanceof Error ? error.message : String(error)
  process.send?.({ failure: reason }, () => process.exit(1))
}
