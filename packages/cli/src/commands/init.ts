import { Command } from 'commander'

import { examples } from '../examples.js'

export function initCommand(): Command {
  return new Command('init')
    .description('show the one line that coordinates the CLI of the current package')
    .argument('[folder]', 'where its package.json is, or a folder below', '.')
    .option('--json', 'print JSON for programs')
    .addHelpText('after', examples('cli-ops init', 'cli-ops init . --json'))
    .action(async (folder: string, options: Readonly<Record<string, unknown>>) => {
      const { showInit } = await import('../init/show-init.js')
      process.exitCode = showInit(folder, options)
    })
}
