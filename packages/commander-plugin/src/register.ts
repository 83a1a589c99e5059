/**
 * Coordinates a commander program that cannot be edited, also one that was bundled together with its commander:
 * `node --import @cli-ops/commander-plugin/register the-program.js`. What it does is configured in the home's
 * `config.json`.
 */
import { cliOps } from './cli-ops.js'
import { observePrograms } from './observe-programs.js'

observePrograms(cliOps())
