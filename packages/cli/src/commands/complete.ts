import { Command } from 'commander'

/** Called by the `completion` scripts: prints the candidates for the last word, one a line. */
export function completeCommand(): Command {
  return new Command('__complete')
    .argument('[words...]')
    .allowUnknownOption()
    .passThroughOptions()
    .helpOption(false)
    .action(async (words: readonly string[], _options: unknown, command: Command) => {
      const { printCandidates } = await import('../complete/print-candidates.js')
      if (command.parent !== null) await printCandidates(command.parent, words)
    })
}
