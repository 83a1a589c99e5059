import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const run = promisify(execFile)

const PLUGIN = "import { cliOps } from '@cli-ops/commander-plugin'"
const COMMANDER = "import { Command } from 'commander'"
const PROGRAM = "new Command('host').use(cliOps()).use((program) => console.log(program.name()))"

// When the plugin came first, commander was already in Node's module cache, but empty, and got no use().
test.each([
  ['commander first', [COMMANDER, PLUGIN]],
  ['the plugin first', [PLUGIN, COMMANDER]],
])('a host that imports %s can call program.use()', async (_order, imports) => {
  const source = [...imports, PROGRAM].join('\n')
  const args = ['--input-type=module', '--eval', source]
  const { stdout } = await run(process.execPath, args, { cwd: import.meta.dirname })
  expect(stdout).toBe('host\n')
})
