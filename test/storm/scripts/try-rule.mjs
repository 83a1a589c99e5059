// A program that lives on runs one command repeatedly under a rule that does not wait, and prints how often it was
// refused.
import { cliOps } from '@cli-ops/commander-plugin'
import { isCliOpsError } from '@cli-ops/shared-ipc'
import { Command } from 'commander'

const [lock, tries] = process.argv.slice(2)
let ran = 0
const program = new Command('tries').exitOverride()
program.command('run').action(() => {
  ran += 1
})
cliOps({ lifecycleEvents: false, commands: { run: { lock: JSON.parse(lock) } } })(program)
for (let attempt = 0; attempt < Number(tries); attempt += 1) {
  try {
    program.parse(['run'], { from: 'user' })
  } catch (error) {
    if (!isCliOpsError(error, 'LOCK_HELD')) throw error
  }
}
console.log(Number(tries) - ran)
