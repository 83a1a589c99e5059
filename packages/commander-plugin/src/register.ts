/**
 * Coordinates a commander program that cannot be edited, even one bundled with its commander: `node --require
 * @cli-ops/commander-plugin/register the-program.js`. Its rules are in the home's `config.json`.
 */
import { PreloadedProgram } from '@cli-ops/shared-ipc/command'

import { cliOps } from './cli-ops.js'
import { listCommands } from './list-commands.js'
import { hasHooks, observePrograms } from './observe-programs.js'

const plugin = cliOps()
const probed: unknown[] = []

const observeClass = observePrograms(
  (program) => {
    if (!hasHooks(program)) {
      preloaded.cannotHold('its commander is older than 9', program.name())
    } else if (preloaded.parses()) {
      if (preloaded.isProbed) probed.push(program)
      plugin(program)
    }
  },
  () => {
    preloaded.showsHelp()
  },
)

const preloaded = new PreloadedProgram({
  specifier: '@cli-ops/commander-plugin/register',
  file: import.meta.filename,
  framework: 'commander',
  listCommands: () => probed.flatMap((program) => listCommands(program)),
  onLoad: ({ request, exported }) => {
    if (/(?:^|[\\/])commander(?:$|[\\/])/u.test(request)) observeClass(classOf(exported))
  },
})

function classOf(exported: unknown): unknown {
  if (typeof exported !== 'object' && typeof exported !== 'function') return undefined
  return (exported as { readonly Command?: unknown } | null)?.Command
}
