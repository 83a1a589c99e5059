import type { Command } from '@oclif/core'

import { ArchiveCommand } from './commands/archive.js'
import { CreateCommand } from './commands/create.js'
import { ListCommand } from './commands/list.js'
import { StatusCommand } from './commands/status.js'
import { WatchCommand } from './commands/watch.js'

/** The commands by name: package.json points oclif here. It also lists the plugin, which adds `ops`. */
export const COMMANDS: Readonly<Record<string, Command.Class>> = {
  archive: ArchiveCommand,
  create: CreateCommand,
  list: ListCommand,
  status: StatusCommand,
  watch: WatchCommand,
}
