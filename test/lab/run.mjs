// `npm run test:lab`: runs programs from npm without and with the plugin, and writes the table of results for
// docs/reference/lab.md. `npm run test:lab -- svgo mocha` runs only those, and writes nothing. They are installed once,
// into ~/.cache/cli-ops-lab or CLI_OPS_LAB_CACHE. If Linux allows it, they run in a separate network namespace, which
// has only the loopback interface.
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { CLIS } from './catalogue.mjs'
import { findNode, install } from './install.mjs'
import { judge } from './judge.mjs'
import { Subject } from './subject.mjs'
import { toMarkdown } from './table.mjs'
import { writeTable } from './write-table.mjs'

const ISOLATED = '--isolated'
const wanted = process.argv.slice(2).filter((argument) => argument !== ISOLATED)
const unknown = wanted.filter((name) => !CLIS.some((cli) => cli.name === name))
if (unknown.length > 0) throw new Error(`not in the catalogue: ${unknown.join(', ')}`)
const clis = CLIS.filter(({ name }) => wanted.length === 0 || wanted.includes(name))

const installed = new Map()
for (const cli of clis) {
  try {
    const places = { folder: await install(cli.name, cli.packages), node: await findNode(cli.node) }
    installed.set(cli.name, places)
  } catch (error) {
    console.error(`${cli.name} cannot be installed: ${String(error)}`)
    process.exitCode = 1
  }
}

if (process.argv.includes(ISOLATED) || !canIsolate()) await examineAll()
else {
  const again = [process.execPath, fileURLToPath(import.meta.url), ISOLATED, ...wanted]
  const { status } = inOwnNetwork(again, 'inherit')
  process.exitCode = status ?? 1
}

async function examineAll() {
  const server = createServer((_, response) => response.end('ok')).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
  /** @type {(import('./table.mjs').Row | undefined)[]} */
  const rows = clis.map(() => undefined)
  const left = [...clis.keys()]
  const work = async () => {
    for (let at = left.shift(); at !== undefined; at = left.shift()) {
      const cli = clis[at]
      const places = cli && installed.get(cli.name)
      if (places !== undefined) rows[at] = await examineOne(cli, { ...places, port })
    }
  }
  // Two at a time, as the tests themselves run: more would only slow each down.
  await Promise.all([work(), work()])
  server.close()
  const table = toMarkdown(rows.filter((row) => row !== undefined))
  console.log(`\n${table}`)
  if (wanted.length === 0) await writeTable(table)
}

/**
 * @param {import('./cli.mjs').Cli} cli
 * @param {{ folder: string, node: string, port: number }} places
 */
async function examineOne(cli, places) {
  const subject = new Subject(cli, places)
  const { row, faults } = await judge(subject)
  subject.close()
  console.log(`${faults.length === 0 ? '✓' : '✗'} ${cli.name} ${row.version} (${row.framework})`)
  for (const fault of faults) console.log(`    ${fault}`)
  if (faults.length > 0) process.exitCode = 1
  return row
}

function canIsolate() {
  return process.platform === 'linux' && inOwnNetwork(['true'], 'ignore').status === 0
}

/**
 * @param {readonly string[]} command
 * @param {'inherit' | 'ignore'} stdio
 */
function inOwnNetwork(command, stdio) {
  const script = 'ip link set lo up && exec "$@"'
  return spawnSync('unshare', ['--net', 'sh', '-c', script, 'sh', ...command], { stdio })
}
