import { Command } from 'commander'

import { examples } from '../examples.js'
import { withContext } from '../with-context.js'

export function emitCommand(): Command {
  return new Command('emit')
    .description('emit an event and exit once it is stored')
    .argument('<type>', 'its type, such as "build:done"')
    .argument('[json]', 'its data', undefined)
    .option('--stdin', 'read the data from stdin')
    .option('--json', 'print the stored event as JSON')
    .addHelpText(
      'after',
      examples(
        'cli-ops emit build:done',
        `cli-ops emit build:done '{"version":"1.4.0"}'`,
        `echo '{"version":"1.4.0"}' | cli-ops emit build:done --stdin`,
      ),
    )
    .action(async (type: string, json: string | undefined, options: Record<string, unknown>) => {
      const { emitEvent } = await import('../events/emit-event.js')
      await withContext(json === undefined ? [type] : [type, json], options, emitEvent)
    })
}
