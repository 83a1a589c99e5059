// A program that parses synchronously and so blocks until its command has the lock: node blocking-child.mjs <home> <lock>.
import process from 'node:process'
import { cliOps } from '@cli-ops/commander-plugin'
import { Command } from 'commander'

const [home = '', lock = ''] = process.argv.slice(2)
const program = new Command('blocking')
program.use(cliOps({ home, commands: { work: { lock } } }))
program.command('work').action(() => undefined)
process.send?.('waits', () => {
  program.parse(['node', 'blocking', 'work'])
})
