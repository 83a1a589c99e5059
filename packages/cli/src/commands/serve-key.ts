import { Command } from 'commander'

import { examples } from '../examples.js'
import { requireOption } from '../require-option.js'
import { withContext } from '../with-context.js'

/** `cli-ops serve key`. */
export function serveKeyCommand(): Command {
  return (
    new Command('key')
      // Its name in the first release.
      .alias('token')
      .description('create, list and revoke the access keys that a hub accepts')
      .addCommand(addCommand())
      .addCommand(listCommand())
      .addCommand(revokeCommand())
  )
}

function addCommand(): Command {
  return new Command('add')
    .description('create an access key; its secret is printed once and stored nowhere')
    .argument('<new-name>', 'its name, for the log and to revoke it, such as "laptop-7"')
    .option('--scope <scopes>', 'what it allows, comma-separated: read, emit, lock, call')
    .option('--expires <duration>', 'how long it is valid, such as 30d (default: forever)')
    .option(
      '--namespace <name>',
      'restrict it to this namespace; repeat for more',
      (value: string, all: readonly string[] | undefined) => [...(all ?? []), value],
    )
    .option('--json', 'print the key, with its secret, as JSON')
    .addHelpText(
      'after',
      examples(
        'cli-ops serve key add laptop-7 --scope read,emit,lock,call --expires 30d',
        'cli-ops serve key add wallboard --scope read >wallboard.key',
      ),
    )
    .action(async (name: string, options: Record<string, unknown>, own: Command) => {
      requireOption(own, 'scope')
      const { addKey } = await import('../serve/key-commands.js')
      await withContext([name], options, addKey)
    })
}

function listCommand(): Command {
  return new Command('list')
    .description('show the access keys, without their secrets')
    .option('--json', 'print them as JSON')
    .addHelpText('after', examples('cli-ops serve key list'))
    .action(async (options: Record<string, unknown>) => {
      const { listKeys } = await import('../serve/key-commands.js')
      await withContext([], options, listKeys)
    })
}

function revokeCommand(): Command {
  return new Command('revoke')
    .description('revoke an access key; a running hub closes its connections within seconds')
    .argument('<access-key>', 'its name, as "list" shows it')
    .option('--json', 'print the result as JSON')
    .action(async (name: string, options: Record<string, unknown>) => {
      const { revokeKey } = await import('../serve/key-commands.js')
      await withContext([name], options, revokeKey)
    })
}
