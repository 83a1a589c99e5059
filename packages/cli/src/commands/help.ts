import { closestName } from '@cli-ops/shared-ipc/ops/wrap'
import { Command } from 'commander'

/** `help [command...]`. commander's own knows no command below another one, and answers an unknown name with the whole usage. */
export function helpCommand(): Command {
  return new Command('help')
    .description('display help for a command')
    .argument('[command...]', 'its name, and that of a command below it')
    .action((path: readonly string[], _options, { parent }: Command) => {
      let found = parent as Command
      for (const [index, name] of path.entries())
        found = commandOf(found, name) ?? refuseUnknown(found, path.slice(0, index + 1))
      found.outputHelp()
    })
}

/** Refuses an unknown command before `--help`, which commander would answer with the help of the program. */
export function checkHelpedCommand(program: Command): void {
  program.addHelpText('beforeAll', ({ command }) => {
    const name = program.args.find((arg) => !arg.startsWith('-'))
    if (command === program && name !== undefined && commandOf(program, name) === undefined)
      refuseUnknown(program, [name])
    return ''
  })
}

function commandOf({ commands }: Command, name: string): Command | undefined {
  return commands.find((command) => command.name() === name || command.aliases().includes(name))
}

/** As commander says it. */
function refuseUnknown(parent: Command, path: readonly string[]): never {
  const names = parent
    .createHelp()
    .visibleCommands(parent)
    .map((command) => command.name())
  const meant = closestName(path.at(-1) ?? '', names)
  const hint = meant === undefined ? '' : ` (Did you mean ${meant}?)`
  return parent.error(`error: unknown command '${path.join(' ')}'${hint}`)
}
