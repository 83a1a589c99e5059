import { Command, Option } from 'commander'

import { examples } from '../examples.js'

export function initCommand(): Command {
  return new Command('init')
    .description('show the one line that coordinates the CLI of the current package, or add it')
    .argument('[folder]', 'where its package.json is, or a folder below', '.')
    .option('--write', 'add it: show the changes, ask, and write them')
    .option('-y, --yes', 'with --write: do not ask')
    .option('--file <path>', 'with --write: where the program is created, if there are several')
    .option('--force', 'with --write: also change files with uncommitted changes')
    .addOption(new Option('--json', 'print JSON for programs').conflicts('write'))
    .addHelpText(
      'after',
      examples('cli-ops init', 'cli-ops init . --json', 'cli-ops init --write --yes'),
    )
    .action(async (folder: string, options: Readonly<Record<string, unknown>>) => {
      if (options['write'] === true) {
        const { writeInit } = await import('../init/wire/write-init.js')
        process.exitCode = await writeInit(folder, options)
        return
      }
      const { showInit } = await import('../init/show-init.js')
      process.exitCode = showInit(folder, options)
    })
}
