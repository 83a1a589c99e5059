/**
 * Coordinates a yargs program that cannot be edited: `node --import @cli-ops/yargs-plugin/register the-program.js`.
 * What it does is configured in the home's `config.json`.
 */
import { cliOps } from './cli-ops.js'
import { observeInstances } from './observe-instances.js'

const middleware = cliOps()

// eslint-disable-next-line no-restricted-syntax -- a preload: the program must not start before its yargs is known
await observeInstances((yargs) => {
  yargs.middleware(middleware)
})
