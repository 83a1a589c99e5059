import { cliOps } from '@cli-ops/commander-plugin'
import { Command } from 'commander'
import { actions, admit, IS_SYNC, OPTIONS, prompt } from './prompt.mjs'

const program = new Command('host').exitOverride()
for (const [name, action] of Object.entries(actions)) program.command(name).action(action)
cliOps(OPTIONS)(program)
program.hook('preAction', (_program, command) => admit(command.name()))
await prompt((words) =>
  IS_SYNC ? program.parse(words, { from: 'user' }) : program.parseAsync(words, { from: 'user' }),
)
