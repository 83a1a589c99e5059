#!/usr/bin/env node
import { endQuietlyWithoutReader, reportError } from '@cli-ops/example-base'
import { hideBin } from 'yargs/helpers'

import { createProgram } from './program.js'

endQuietlyWithoutReader()
try {
  // yargs throws some errors from the call itself, and rejects its promise with others.
  await createProgram(hideBin(process.argv)).parseAsync()
} catch (error) {
  reportError('cli-beta', error)
}
