#!/usr/bin/env node
import { parseRunCommandLine } from './run/run-command-line.js'

const run = parseRunCommandLine(process.argv.slice(2))
if (run === undefined) {
  const { createProgram } = await import('./program.js')
  await createProgram().parseAsync()
} else {
  const { startRun } = await import('./run/start-run.js')
  await startRun(run)
}
