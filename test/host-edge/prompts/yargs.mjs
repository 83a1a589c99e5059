import { cliOps } from '@cli-ops/yargs-plugin'
import yargs from 'yargs'
import { actions, admit, IS_SYNC, OPTIONS, prompt } from './prompt.mjs'

const middleware = cliOps(OPTIONS)
const newParser = () => {
  const parser = yargs()
    .scriptName('host')
    .exitProcess(false)
    .fail(false)
    .middleware(middleware)
    .middleware(({ _: [name] }) => admit(name))
    .command('usual', 'usual', (y) => y.command('$0', 'run', {}, actions.run))
    .command('group', 'group', (y) => y.command('fail', 'fail', {}, actions.fail))
  for (const [name, action] of Object.entries(actions)) parser.command(name, name, {}, action)
  return parser
}

const parser = newParser()
// One yargs instance runs one command at a time.
await prompt((words) => (IS_SYNC ? parser.parseSync(words) : newParser().parseAsync(words)))
