// Compiled but never run: `use`, withLock and emits on a Command of @commander-js/extra-typings keep its inferred
// types.
import { Command } from '@commander-js/extra-typings'

import { cliOps, emits, withLock } from '@cli-ops/commander-plugin'

const program = new Command('cli').option('--verbose').use(cliOps())
program.opts().verbose satisfies true | undefined

program
  .command('add <title> [notes...]')
  .option('--due <day>')
  .action(
    withLock('db', (title, notes, options) => {
      title satisfies string
      notes satisfies string[]
      options.due satisfies string | true | undefined
    }),
  )
program
  .command('done <id>')
  .action(
    emits('task:updated', async (id) => ({ id: id satisfies string, changes: { done: true } })),
  )

// @ts-expect-error -- no plugin, but what makes one
program.use(cliOps)
// @ts-expect-error -- there is no such option
program.opts().quiet satisfies unknown
program
  .command('remove <id>')
  // @ts-expect-error -- the id is a string
  .action(withLock('db', (id: number) => id))
