// `npm run test:windows`: runs the kit's Windows-only code with Node for Windows under Wine, or on Windows itself. `npm
// run test:windows -- events plugins` runs only those suites.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { root } from '../../scripts/workspaces.mjs'
import { fetchWindowsNode } from './windows-node.mjs'

const suites = readdirSync(join(root, 'test/windows/suites'))
  .filter((name) => name.endsWith('.ts'))
  .map((name) => name.replace('.ts', ''))
const wanted = process.argv.slice(2)
const unknown = wanted.filter((name) => !suites.includes(name))
if (unknown.length > 0)
  throw new Error(`no such suite: ${unknown.join(', ')} (${suites.join(', ')})`)

if (process.platform !== 'win32') await fetchWindowsNode()
const vitest = join(root, 'node_modules/vitest/vitest.mjs')
const child = spawn(
  process.execPath,
  [vitest, 'run', 'test/windows', '--disable-console-intercept'],
  {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, CLI_OPS_WINDOWS: (wanted.length > 0 ? wanted : suites).join(' ') },
  },
)
const [code] = await once(child, 'close')
process.exitCode = code ?? 1
