import { Command } from 'commander'

import { examples, notes } from '../examples.js'
import { withContext } from '../with-context.js'

export function conformanceCommand(): Command {
  return new Command('conformance')
    .description('check that a program in any language follows the protocols')
    .argument('[name]', 'name of a running CLI whose answers to check, as "ps" shows it')
    .option('-i, --instance <id>', 'check this instance, as "ps" shows it')
    .option(
      '--reads <command>',
      'a command that prints the events kept in CLI_OPS_HOME, as JSON lines',
    )
    .option('--emits <command>', 'a command that emits an event; its type and data are appended')
    .option('-t, --timeout <duration>', 'how long an answer or a command may take', '5s')
    .option('--json', 'print each result as one line of JSON, and the totals as the last')
    .addHelpText(
      'after',
      notes(
        [
          'Exits with 1 if a vector fails. Vectors that need a method the CLI does not serve are skipped; the reference of the wire protocol lists these methods.',
        ],
        examples(
          'cli-ops conformance cli-alpha',
          `cli-ops conformance --reads 'cli-ops events --json' --emits 'cli-ops emit'`,
        ),
      ),
    )
    .action(async (name: string | undefined, options: Record<string, unknown>) => {
      const { runConformance } = await import('../conformance/run-conformance.js')
      await withContext(name === undefined ? [] : [name], options, runConformance)
    })
}
