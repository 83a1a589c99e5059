import { opsCommands } from '@cli-ops/commander-plugin'
import { Command } from 'commander'

import { attachCommand } from './commands/attach.js'
import { callCommand } from './commands/call.js'
import { completeCommand } from './commands/complete.js'
import { completionCommand } from './commands/completion.js'
import { conformanceCommand } from './commands/conformance.js'
import { dashboardCommand } from './commands/dashboard.js'
import { detachCommand } from './commands/detach.js'
import { emitCommand } from './commands/emit.js'
import { checkHelpedCommand, helpCommand } from './commands/help.js'
import { initCommand } from './commands/init.js'
import { killedRunCommand } from './commands/killed-run.js'
import { runCommand } from './commands/run.js'
import { serveCommand } from './commands/serve.js'
import { topCommand } from './commands/top.js'
import { waitForCommand } from './commands/wait-for.js'
import { EXIT_USAGE } from './exit-codes.js'
import { layOutHelp } from './help-layout.js'
import { addOpsHelp } from './ops-help.js'
import { useConnection } from './use-connection.js'
import { version } from './version.js'

/**
 * The commands of `commands/`, one per file, each created by a function without arguments. Such a file declares name,
 * options and help. The action imports the implementation, so that no command pays for another.
 */
const COMMANDS: readonly (() => Command)[] = [
  runCommand,
  emitCommand,
  waitForCommand,
  callCommand,
  topCommand,
  dashboardCommand,
  serveCommand,
  completionCommand,
  initCommand,
  attachCommand,
  detachCommand,
  conformanceCommand,
]

export function createProgram(): Command {
  const program = new Command('cli-ops')
    .version(version())
    .usage('[options] <command>')
    .description('run any program under a lock, and see who holds it, who waits and what happened')
    // Arguments after `run` belong to the program that it runs.
    .enablePositionalOptions()
    .option('--home <directory>', 'use this home instead of CLI_OPS_HOME')
    .option('--namespace <name>', 'use this namespace instead of CLI_OPS_NAMESPACE')
    .option('--url <url>', 'use this engine instead of CLI_OPS_URL; put a password in the variable')
    .hook('preSubcommand', () => {
      useConnection(program.opts())
    })
  program.use(opsCommands())
  addOpsHelp(program)
  for (const create of COMMANDS) program.addCommand(create())
  // What the completion scripts and the watch of a run call.
  program.addCommand(completeCommand(), { hidden: true })
  program.addCommand(killedRunCommand(), { hidden: true })
  program.helpCommand(false).addCommand(helpCommand())
  checkHelpedCommand(program)
  layOutHelp(program)
  endUsageErrors(program)
  return program
}

/** commander exits with 1 on usage errors, which here means that something was not found. Its words become those of this program. */
function endUsageErrors(command: Command): void {
  const names = command.parent === null ? [] : [...namesAbove(command), command.name()]
  const help = ['cli-ops help', ...names].join(' ')
  command.configureOutput({
    outputError: (text, write) => {
      write(usageText(text, help))
    },
  })
  command.exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : EXIT_USAGE))
  for (const below of command.commands) endUsageErrors(below)
}

/** Returns the names of the commands around a command, without the program's. */
function namesAbove({ parent }: Command): string[] {
  return parent === null || parent.parent === null ? [] : [...namesAbove(parent), parent.name()]
}

/** What commander says about an argument that is not one of the choices. */
const INVALID_CHOICE =
  /^cli-ops: command-argument value '(.*)' is invalid for argument '(.*)'\. Allowed choices are (.*)\.$/u

/** What commander says about an option whose parser rejected the value. */
const INVALID_VALUE =
  /^cli-ops: option '(--[\w-]+).*?' argument '(.*)' is invalid\. It (must .*)\.$/u

/** Errors that can only be corrected by someone who knows the usage. */
const NEEDS_USAGE =
  /unknown (?:option|command) '.*'$|argument missing$|missing required argument|not specified$|too many arguments/u

/** One line: what is wrong, and what was meant or where to look. */
function usageText(text: string, help: string): string {
  const line = text
    .trimEnd()
    .replace(/^error: /u, 'cli-ops: ')
    .replaceAll('\n', ' ')
    .replace(INVALID_CHOICE, 'cli-ops: <$2> must be one of $3, got "$1"')
    .replace(INVALID_VALUE, 'cli-ops: $1 $3, got "$2"')
    .replaceAll(/\p{Cc}/gu, '?')
  const isBehind = /unknown option '--(?:home|namespace|url)(?:=.*)?'$/u.test(line)
  if (isBehind) return `${line}; give it before the command\n`
  return `${line}${NEEDS_USAGE.test(line) ? `; see "${help}"` : ''}\n`
}
