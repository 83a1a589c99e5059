import type { Shape } from '../shape.js'

/** Tells `work()` that the lock is the parent's. */
const AS_CHILD = `{ stdio: 'inherit', env: { ...process.env, RUN_BY: process.pid } }`

/** Programs on commander whose command is more than one process or thread. */
export const COMMANDER_FAMILIES: readonly Shape[] = [
  {
    title: 'a worker thread that is the same program',
    source: `const { isMainThread, Worker } = require('node:worker_threads')
    const host = attach(new Command('host'))
    host.command('add').action(() => {
      work('add')
      if (!isMainThread) return
      const worker = new Worker(__filename, { argv: ['add'] })
      worker.once('exit', (code) => console.log('the worker ended with', code))
    })
    host.parse()`,
    args: ['add'],
    isCommonJs: true,
    commands: 'nested',
    prints: 'add\nadd\nthe worker ended with 0\n',
  },
  {
    title: 'a cluster, whose workers are the same program',
    source: `const cluster = require('node:cluster')
    const host = attach(new Command('host'))
    host.command('serve').action(() => {
      work(cluster.isPrimary ? 'primary' : 'worker')
      if (!cluster.isPrimary) process.exit()
      cluster.fork({ RUN_BY: process.pid }).once('exit', (code) => {
        console.log('the worker ended with', code)
      })
    })
    host.parse()`,
    args: ['serve'],
    isCommonJs: true,
    commands: 'nested',
    prints: 'primary\nworker\nthe worker ended with 0\n',
  },
  {
    title: 'starts itself again with an option of node, once it has read its arguments',
    source: `const host = attach(new Command('host').option('--large'))
    host.command('add').action(() => {
      if (process.execArgv.includes('--stack-size=2000')) return work('add')
      const { status } = spawnSync(
        process.execPath, ['--stack-size=2000', ...process.argv.slice(1)], ${AS_CHILD})
      process.exitCode = status
    })
    const { spawnSync } = await import('node:child_process')
    host.parse()`,
    args: ['--large', 'add'],
    commands: 'nested',
    prints: 'add\n',
  },
  {
    title: 'forks itself for another command, under a rule for every command',
    source: `const { fork } = require('node:child_process')
    const host = attach(new Command('host'))
    host.command('watch').action(() => {
      fork(__filename, ['build'], ${AS_CHILD}).once('exit', (code) => {
        work('built', code)
      })
    })
    host.command('build').action(async () => {
      await sleep(1)
      work('build')
      process.disconnect()
    })
    host.parse()`,
    args: ['watch'],
    isCommonJs: true,
    commands: 'nested',
    prints: 'build\nbuilt 0\n',
  },
]
