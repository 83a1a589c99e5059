/**
 * Coordinates a yargs program that cannot be edited: `node --require @cli-ops/yargs-plugin/register the-program.js`.
 * Its rules are in the home's `config.json`.
 */
import { PreloadedProgram, type ProgramCommand } from '@cli-ops/shared-ipc/command'

import { cliOps } from './cli-ops.js'
import { listCommands } from './list-commands.js'
import { InstanceWatch } from './observe-instances.js'
import { unsupportedDependency, unsupportedVersion } from './unsupported-yargs.js'

const middleware = cliOps()
const probed: (() => readonly ProgramCommand[])[] = []

const watch = new InstanceWatch(
  (yargs) => {
    if (!preloaded.parses()) return
    if (preloaded.isProbed) {
      const before = listCommands(yargs)
      probed.push(() => [...before, ...listCommands(yargs)])
    }
    yargs.middleware(middleware)
  },
  () => {
    preloaded.showsHelp()
  },
)

const preloaded = new PreloadedProgram({
  specifier: '@cli-ops/yargs-plugin/register',
  file: import.meta.filename,
  framework: 'yargs',
  listCommands: () => probed.flatMap((list) => list()),
  onLoad: (load) => {
    watch.onLoad(load)
    const version = unsupportedVersion(load)
    if (load.from === undefined || preloaded.isOwnFile(load.from)) refuse(version)
  },
})
refuse(unsupportedDependency(preloaded.bin?.folder))

function refuse(version: string | undefined): void {
  if (version !== undefined) preloaded.cannotHold(`its yargs is ${version}, but 17 or 18 is needed`)
}

try {
  watch.reachModule(process.argv[1] ?? '')
} catch {
  const reason = 'its yargs is an ES module, which this Node cannot require()'
  if (preloaded.bin?.isEntry === true) preloaded.cannotHold(reason)
}
