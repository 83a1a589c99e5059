import { Command } from 'commander'

import { examples } from '../examples.js'
import { withContext } from '../with-context.js'

export function callCommand(): Command {
  return new Command('call')
    .description('send a request to a running CLI and print its answer; 124 on timeout')
    .argument('<name>', 'name of the CLI, as "ps" shows it')
    .argument('<method>', 'the method to call')
    .argument('[json]', 'the parameters', undefined)
    .option('--stdin', 'read the parameters from stdin')
    .option('-t, --timeout <duration>', 'how long to wait for the answer', '30s')
    .option('-w, --wait <duration>', 'how long to wait for the CLI to start', '0s')
    .option('-i, --instance <id>', 'ask this instance, as "ps" shows it')
    .option('--json', 'print the answer as one line of JSON')
    .addHelpText(
      'after',
      examples(
        'cli-ops call cli-alpha get-tasks',
        `cli-ops call cli-alpha get-tasks '{"tag":"home"}' --timeout 5s --json`,
      ),
    )
    .action(
      async (
        name: string,
        method: string,
        json: string | undefined,
        options: Record<string, unknown>,
      ) => {
        const { callService } = await import('../call-service.js')
        const args = json === undefined ? [name, method] : [name, method, json]
        await withContext(args, options, callService)
      },
    )
}
