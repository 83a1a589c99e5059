import { Command } from 'commander'

import { examples, notes } from '../examples.js'
import { requireOption } from '../require-option.js'
import type { RunCommandLine } from '../run/run-command-line.js'
import { RUN_FLAGS } from '../run/run-flags.js'

/** Most runs bypass commander, which is slow to load: see `main.ts`. It handles help, errors and rare spellings. */
export function runCommand(): Command {
  const command = new Command('run')
    .usage('--lock <resource> [options] [--] <program> [arguments...]')
    .description('run a program under a lock, with its own stdio, exit code and signals')
    .argument('<program...>', 'the program and its arguments')
  for (const { flags, description } of RUN_FLAGS) {
    command.option(flags, description)
  }
  // commander keeps only the last of the two.
  const given = new Set<string>()
  for (const name of ['wait', 'no-wait']) command.on(`option:${name}`, () => given.add(name))
  return command
    .passThroughOptions()
    .addHelpText(
      'after',
      notes(
        [
          'The program finds CLI_OPS_LOCK_TOKEN (the fencing token), CLI_OPS_LOCK_ID, CLI_OPS_LOCK_RESOURCE and CLI_OPS_LOCK_SLOT in its environment. It keeps the lock if cli-ops is killed.',
          "Exit codes: the program's own; 75 the lock is busy, 76 it was lost while the program ran, 69 the home or the engine cannot be used, 77 access is refused, 78 a setting is wrong, 126 and 127 the program cannot be run.",
        ],
        examples(
          'cli-ops run --lock deploy -- ./deploy.sh production',
          'cli-ops run --lock deploy --wait 30s --emit deploy:done -- ./deploy.sh production',
          'cli-ops run --lock devices --slots emulator-1,emulator-2 -- ./device-tests.sh',
          'cli-ops run --lock database --shared --no-wait -- ./report.sh',
          'timeout 1h cli-ops run --lock database --kill-after 30s -- ./report.sh',
        ),
      ),
    )
    .action(
      async (program: readonly string[], options: RunCommandLine['options'], own: Command) => {
        requireOption(own, 'lock')
        if (given.has('wait') && given.has('no-wait'))
          own.error('error: --wait cannot be combined with --no-wait')
        const { startRun } = await import('../run/start-run.js')
        const args = own.parent?.args.slice(1) ?? []
        await startRun({
          connection: own.parent?.opts() ?? {},
          args,
          lifeline: undefined,
          options,
          program,
        })
      },
    )
}
