import type { ProgramCommand } from '@cli-ops/shared-ipc/command'

/** The naming part of a command. */
interface NamedCommand {
  name(): string
  aliases?(): readonly string[]
  readonly commands: readonly NamedCommand[]
}

/** Lists all commands of a program, with their paths. */
export function listCommands(program: unknown, above = ''): readonly ProgramCommand[] {
  return (program as NamedCommand).commands.flatMap((command) => {
    const path = above + command.name()
    const aliases = (command.aliases?.() ?? []).map((alias) => above + alias)
    return [{ path, aliases }, ...listCommands(command, `${path} `)]
  })
}
