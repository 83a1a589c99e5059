import { Command } from 'commander'

import { examples } from '../examples.js'
import { withContext } from '../with-context.js'

/** `cli-ops serve token`. */
export function serveTokenCommand(): Command {
  return new Command('token')
    .description('make, list and revoke the tokens that a hub accepts')
    .addCommand(addCommand())
    .addCommand(listCommand())
    .addCommand(revokeCommand())
}

function addCommand(): Command {
  return new Command('add')
    .description('make a token; its secret is printed once, and kept nowhere')
    .argument('<new-name>', 'its name, for the log and to revoke it, such as "laptop-7"')
    .requiredOption('-s, --scope <scopes>', 'what it is for: read, emit, lock, call, by commas')
    .option('-e, --expires <duration>', 'how long it is good for, such as 30d; without it for ever')
    .option(
      '-n, --namespace <name>',
      'let it into this namespace only; repeat for more',
      (value: string, all: readonly string[] | undefined) => [...(all ?? []), value],
    )
    .option('--json', 'print the token, with its secret, as JSON')
    .addHelpText(
      'after',
      examples(
        'cli-ops serve token add laptop-7 --scope read,emit,lock,call --expires 30d',
        'cli-ops serve token add wallboard --scope read >wallboard.token',
      ),
    )
    .action(async (name: string, options: Record<string, unknown>) => {
      const { addToken } = await import('../serve/token-commands.js')
      await withContext([name], options, addToken)
    })
}

function listCommand(): Command {
  return new Command('list')
    .description('show the tokens, without their secrets')
    .option('--json', 'print them as JSON')
    .addHelpText('after', examples('cli-ops serve token list'))
    .action(async (options: Record<string, unknown>) => {
      const { listTokens } = await import('../serve/token-commands.js')
      await withContext([], options, listTokens)
    })
}

function revokeCommand(): Command {
  return new Command('revoke')
    .description('take a token back; a running hub ends its connections within seconds')
    .argument('<token>', 'its name, as "list" shows it')
    .option('--json', 'print what was done as JSON')
    .action(async (name: string, options: Record<string, unknown>) => {
      const { revokeToken } = await import('../serve/token-commands.js')
      await withContext([name], options, revokeToken)
    })
}
