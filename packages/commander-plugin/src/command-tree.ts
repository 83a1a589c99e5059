import type { CommandTree } from '@cli-ops/shared-ipc/command'

import { type CommanderProgram, isNamed } from './commander-program.js'

/**
 * Returns the command names of a program. A program without commands might create them only once it knows which one is called
 * (as webpack-cli does).
 */
export function commandTree(program: CommanderProgram): CommandTree {
  return {
    resolve(path) {
      if (program.commands.length === 0) return null
      let command = program
      for (const word of path.split(' ')) {
        if (command._executableHandler === true) return null
        const next = command.commands.find((other) => isNamed(other, word))
        if (next === undefined) return undefined
        command = next
      }
      return pathOf(command, program)
    },
    list: () => pathsBelow(program, program),
  }
}

/** Returns the path of a command by canonical names, without the program's. */
export function pathOf(command: CommanderProgram, program: CommanderProgram): string {
  if (command === program || command.parent === null) return ''
  const above = pathOf(command.parent, program)
  return above === '' ? command.name() : `${above} ${command.name()}`
}

function pathsBelow(command: CommanderProgram, program: CommanderProgram): string[] {
  return command.commands.flatMap((next) => [pathOf(next, program), ...pathsBelow(next, program)])
}
