import { Command } from 'commander'

import { examples, notes } from '../examples.js'
import { withContext } from '../with-context.js'

export function waitForCommand(): Command {
  return new Command('wait-for')
    .description('wait for an event, print its data and exit; 124 on timeout')
    .argument('<event>', 'a type, a prefix such as "task:*", or "*"')
    .option('-t, --timeout <duration>', 'how long to wait (default: forever)')
    .option(
      '--where <key=value>',
      'only if the data has this value; "a.b" is a nested member, repeat for more',
      (value: string, all: readonly string[] | undefined) => [...(all ?? []), value],
    )
    .option('--since <time>', 'also accept an event since then: "5m", "1h30m" or an ISO time')
    .option('--after <cursor>', 'also accept an event after this position')
    .option('--json', 'print the whole event as JSON')
    .addHelpText(
      'after',
      notes(
        [
          'Events emitted after this command was started are never missed. To include earlier ones, note the time before you start the work, and pass it with --since.',
        ],
        examples(
          'cli-ops wait-for build:done --timeout 1s',
          'cli-ops wait-for command:completed --where cli=cli-alpha --where exitCode=0 --timeout 1s',
          `began=$(date -Ins); cli-ops emit build:done; cli-ops wait-for build:done --since "$began"`,
        ),
      ),
    )
    .action(async (event: string, options: Record<string, unknown>) => {
      const { waitForEvent } = await import('../events/wait-for-event.js')
      await withContext([event], options, waitForEvent)
    })
}
