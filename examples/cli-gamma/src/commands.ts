import type { Command } from '@oclif/core'

import { ArchiveCommand } from './commands/archive.js'
import { CreateCommand } from './commands/create.js'
import { ListCommand } from './commands/list.js'
import { StatusCommand } from './commands/status.js'
import { WatchCommand } from './commands/watch.js'

/** The commands by name, as package.json tells oclif. The plugin is told there as well, and adds `ops`. */
export const COMMANDS: Readonly<Record<string, Command.Class>> = {
  archive: ArchiveCommand,
  create: CreateCommand,
  list: ListCommand,
  status: StatusCommand,
  watch: WatchCommand,
}
