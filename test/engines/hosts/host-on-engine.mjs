// A synchronous program whose commands take a lock on an engine: `host-on-engine.mjs <command> [argument]`.
import { spawnSync } from 'node:child_process'
import { appendFileSync, existsSync } from 'node:fs'

import { cliOps, useOps, withLock } from '@cli-ops/commander-plugin'
import { blockForLock, companionFor } from '@cli-ops/shared-ipc/command/parts'
import { Command } from 'commander'

const { CLI_OPS_HOME: home, CLI_OPS_NAMESPACE: namespace, CLI_OPS_URL: url } = process.env
const connection = { home, namespace, disabled: false, urlOf: () => url }

const program = new Command('host')
const rule = { lock: { resource: 'deploy', onBusy: process.env.ON_BUSY ?? 'wait' } }
const ruled = ['hold', 'until', 'take-turn', 'exit', 'hear', 'nest', 'around', 'inside']
const commands = Object.fromEntries(ruled.map((command) => [command, rule]))
cliOps({ name: process.env.NAME, commands })(program)

const sleep = (ms) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Number(ms))

program.command('nothing').action(() => {})
program.command('stay').action(() => {
  console.log('ready')
  setInterval(() => {}, 1_000)
})
program.command('hold <ms>').action((ms) => {
  console.log('ready')
  sleep(ms)
  console.log(`held until ${Date.now()}`)
})
program.command('until <file>').action((file) => {
  console.log('ready')
  while (!existsSync(file)) sleep(20)
})
program.command('take-turn <file>').action((file) => {
  appendFileSync(file, `${process.env.TURN}\n`)
})
program.command('exit <code>').action((code) => {
  process.exit(Number(code))
})
program.command('hear').action(() => {})
program.command('nest').action(withLock('deploy', () => console.log('inside')))
program.command('around <name> <command>').action((name, command) => {
  const env = { ...process.env, NAME: name }
  const { status } = spawnSync(process.execPath, [process.argv[1], command], {
    env,
    stdio: 'inherit',
  })
  process.exitCode = status
})
program.command('inside').action(() => console.log('inside'))
program.command('inside-async').action(withLock(rule.lock, async () => console.log('inside')))
program.command('watch').action(() => {
  const lock = blockForLock(connection, { resource: 'deploy' })
  console.log('ready')
  // As a program with other work would.
  const alive = setInterval(() => {}, 1_000)
  lock.signal.addEventListener('abort', () => {
    console.log(lock.signal.reason.code)
    clearInterval(alive)
  })
})
program.command('fight').action(() => {
  blockForLock(connection, { resource: 'deploy' })
  blockForLock(connection, { resource: 'deploy' })
})
program.command('who').action(async () => {
  const { registry } = useOps()
  // Its companion registers it a moment later.
  while ((await registry.discover({ name: 'host', includeSelf: true })).length === 0) continue
  console.log(`${(await registry.discover({ name: 'host' })).length} others`)
})
program.command('pour <count>').action((count) => {
  const text = 'x'.repeat(500_000)
  for (let index = 0; index < Number(count); index += 1) {
    const event = { specversion: '1.0', id: `p-${index}`, source: '/pour', type: 'pour:out' }
    const time = new Date().toISOString()
    const json = JSON.stringify({
      ...event,
      time,
      datacontenttype: 'application/json',
      data: { text },
    })
    companionFor(connection).append({ json })
  }
  process.exit(5)
})

if (process.argv[2] === 'hear') {
  process.once('SIGINT', () => {
    console.log('heard')
    process.exit(7)
  })
}
// A promise would not be awaited.
if (process.argv[2] === 'inside-async') await program.parseAsync()
else program.parse()
