#!/usr/bin/env node
import { endQuietlyWithoutReader, reportError } from '@cli-ops/example-base'

import { createProgram } from './program.js'

endQuietlyWithoutReader()
await createProgram()
  .parseAsync()
  .catch((error: unknown) => reportError('cli-alpha', error))
