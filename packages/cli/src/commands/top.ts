import { Command } from 'commander'

import { examples, notes } from '../examples.js'

/** `cli-ops top`. */
export function topCommand(): Command {
  return new Command('top')
    .description('watch locks, queues, instances, events and requests as they change')
    .option('--once', 'print one snapshot and exit, as in a pipe')
    .option('--json', 'print one snapshot as JSON and exit')
    .option('--no-color', 'use no colours (also NO_COLOR=1)')
    .addHelpText(
      'after',
      notes(
        [
          'Keys: arrows or j k move, Tab or 1 to 5 switch tables, Enter a lock with its queue, / filter, < > sort, Space pause, r release the chosen lock after a question, ? all keys, q quit.',
        ],
        examples(
          'cli-ops top',
          'cli-ops top --once | less',
          `cli-ops top --json | jq '.locks[] | select(.waiters != [])'`,
        ),
      ),
    )
    .action(
      async (options: {
        readonly once?: boolean
        readonly json?: boolean
        readonly color: boolean
      }) => {
        const { runTop } = await import('../top/run-top.js')
        const { endAs } = await import('../end-as.js')
        endAs(await runTop(options))
      },
    )
}
