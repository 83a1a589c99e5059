#!/usr/bin/env node
import { createProgram } from './program.js'
import { reportError } from './terminal/report-error.js'

// A reader that has seen enough, as in `cli-alpha list | head -1`, is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit()
})

await createProgram().parseAsync().catch(reportError)
