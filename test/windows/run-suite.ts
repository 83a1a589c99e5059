import { fileURLToPath, pathToFileURL } from 'node:url'

import { WindowsMachine } from './windows-machine.js'

/** The result of a suite's test. */
export interface SuiteTest {
  readonly name: string
  readonly outcome: 'passed' | 'failed' | 'skipped'
  readonly seconds: number
  readonly error?: string
}

/** Runs a file of `suites/` under Node's own test runner on a Windows machine. */
export async function runSuite(machine: WindowsMachine, name: string): Promise<SuiteTest[]> {
  const { exitCode, stdout, stderr } = await machine.runNode([
    '--no-warnings',
    '--test-timeout=120000',
    `--import=${urlOf('typescript-sources.mjs')}`,
    `--test-reporter=${urlOf('report-lines.mjs')}`,
    WindowsMachine.pathOf(here(`suites/${name}.ts`)),
  ])
  const tests = stdout
    .split('\n')
    .filter((line) => line.startsWith('{"name"'))
    .map((line) => JSON.parse(line) as SuiteTest)
  const isFailed = tests.some(({ outcome }) => outcome === 'failed')
  if (tests.length === 0 || (exitCode !== 0) !== isFailed)
    throw new Error(`${name} ends with ${exitCode} after ${tests.length} tests\n${stdout}${stderr}`)
  return tests
}

function here(file: string): string {
  return fileURLToPath(new URL(file, import.meta.url))
}

function urlOf(file: string): string {
  const path = WindowsMachine.pathOf(here(file))
  return path.startsWith('Z:') ? `file:///${path.replaceAll('\\', '/')}` : pathToFileURL(path).href
}
