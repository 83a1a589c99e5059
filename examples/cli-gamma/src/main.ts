#!/usr/bin/env node
import { endQuietlyWithoutReader } from '@cli-ops/example-base'
import { execute } from '@oclif/core'

endQuietlyWithoutReader()
await execute({ dir: import.meta.url })
