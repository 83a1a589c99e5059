// A yargs program whose command ends as told: `yargs.mjs run <ending>`.
import { endings } from '../endings.mjs'

const framework = process.env.HOST_FRAMEWORK ?? 'yargs'
const { default: yargs } = await import(framework)

const { HOST_WITH_LOCK } = process.env
const { withLock } = HOST_WITH_LOCK ? await import('@cli-ops/yargs-plugin') : {}
const run = ({ ending }) => endings[ending]()

let parser = yargs(process.argv.slice(2)).scriptName('host').version('1.2.3').strict()
if (process.env.HOST_PLUGIN !== 'off') {
  const { cliOps } = await import('@cli-ops/yargs-plugin')
  parser = parser.middleware(cliOps(JSON.parse(process.env.HOST_OPTIONS ?? '{}')))
}

parser = parser
  .command(
    'run <ending>',
    'end in the given way',
    (command) => command.option('flag', { type: 'string' }),
    HOST_WITH_LOCK ? withLock(JSON.parse(HOST_WITH_LOCK), run) : run,
  )
  .command('other', 'another command', {}, () => {
    console.log('other ran')
  })
  .demandCommand(1)
if (process.env.HOST_SYNC === 'on') parser.parseSync()
else await parser.parseAsync()
