import { Command } from 'commander'

import { examples } from '../examples.js'
import { withContext } from '../with-context.js'

export function detachCommand(): Command {
  return new Command('detach')
    .description('undo what "attach" did for a program')
    .argument('<attached>', 'the program, as "attach --list" shows it')
    .option('--json', 'print JSON for programs')
    .addHelpText('after', examples('cli-ops detach release'))
    .action(async (program: string, options: Record<string, unknown>) => {
      const { detachProgram } = await import('../attach/detach-program.js')
      await withContext([program], options, detachProgram)
    })
}
