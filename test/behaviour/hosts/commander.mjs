// A commander program whose command ends as told: `commander.mjs run <ending>`.
import { endings } from '../endings.mjs'

const { Command } = await import(process.env.HOST_FRAMEWORK ?? 'commander')

const { HOST_WITH_LOCK } = process.env
const { withLock } = HOST_WITH_LOCK ? await import('@cli-ops/commander-plugin') : {}
const run = (ending) => endings[ending]()

const program = new Command('host')
program.version('1.2.3')
program
  .command('run <ending>')
  .description('end in the given way')
  .option('--flag <value>', 'an option')
  .action(HOST_WITH_LOCK ? withLock(JSON.parse(HOST_WITH_LOCK), run) : run)
program.command('other').action(() => {
  console.log('other ran')
})

if (process.env.HOST_PLUGIN !== 'off') {
  const { cliOps } = await import('@cli-ops/commander-plugin')
  cliOps(JSON.parse(process.env.HOST_OPTIONS ?? '{}'))(program)
}

if (process.env.HOST_SYNC === 'on') program.parse()
else await program.parseAsync()
