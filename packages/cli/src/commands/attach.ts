import { Command } from 'commander'

import { examples, notes } from '../examples.js'
import { withContext } from '../with-context.js'

export function attachCommand(): Command {
  return new Command('attach')
    .usage('[options] <program>')
    .description('coordinate a CLI that you only installed, and check that it works')
    .argument('[program]', 'its name, or the file that starts it', undefined)
    .option('-l, --lock <resource>', 'run its commands under this lock')
    .option(
      '-c, --command <name>',
      'the command the rule is for; repeat for more (default: every command)',
      (value: string, all: readonly string[] | undefined) => [...(all ?? []), value],
    )
    .option(
      '--on-busy <what>',
      'if the lock is held: "wait", "fail" with 75, "skip", or "join" or "replace" the running command',
    )
    .option('--grace <duration>', 'how long the replaced command may take to end')
    .option('-e, --emits <type>', 'emit this event if the command exits with 0')
    .option('--name <name>', 'which of its names the rule is for, if it has several')
    .option('--list', 'show what is attached, and when each rule last held')
    .option('--json', 'print JSON for programs')
    .addHelpText(
      'after',
      notes(
        [
          'The program is run once, with --help. Shell aliases and functions are not visible here: give the file that they start. A program that cannot be attached can be run with "cli-ops run".',
        ],
        examples(
          'cli-ops attach ./release.mjs --lock release',
          'cli-ops attach ./release.mjs --lock release --command publish --on-busy fail',
          'cli-ops attach --list',
        ),
      ),
    )
    .action(
      async (program: string | undefined, options: Record<string, unknown>, command: Command) => {
        if ((program === undefined) === (options['list'] !== true))
          command.error('error: give either a program or --list')
        const { attachProgram } = await import('../attach/attach-program.js')
        const { listAttached } = await import('../attach/list-attached.js')
        await (program === undefined
          ? withContext([], options, listAttached)
          : withContext([program], options, attachProgram))
      },
    )
}
