#!/usr/bin/env node
import { endQuietlyWithoutReader, reportError } from '@cli-ops/example-base'
import { hideBin } from 'yargs/helpers'

import { createProgram } from './program.js'

endQuietlyWithoutReader()
try {
  // yargs lets some errors out of the call itself, and others out of its promise.
  await createProgram(hideBin(process.argv)).parseAsync()
} catch (error) {
  reportError('cli-beta', error)
}
