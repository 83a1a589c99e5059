import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { root, workspaces } from '../scripts/workspaces.mjs'

const run = promisify(execFile)

const specifiers = workspaces()
  .filter(({ manifest }) => manifest.private !== true)
  .flatMap(({ entries }) => entries)
  // Parts of the lifecycle that only require() loads.
  .filter(({ isCommonJs }) => !isCommonJs)
  .flatMap(({ specifier }) => specifier ?? [])
  // The companion's program, which begins when it is loaded.
  .filter((specifier) => !specifier.endsWith('/command/companion'))

describe.each(specifiers)('%s', (specifier) => {
  test('gives import() and require() the same names', async () => {
    const script = `
      const required = Object.keys(require('${specifier}')).filter((key) => key !== 'module.exports')
      import('${specifier}').then((imported) => {
        console.log(JSON.stringify([required.sort(), Object.keys(imported).sort()]))
      })`
    const { stdout } = await run(process.execPath, ['--input-type=commonjs', '-e', script], {
      cwd: root,
    })
    const [required, imported] = JSON.parse(stdout) as [string[], string[]]
    expect(required).toEqual(imported)
  })
})

test('the classes of @cli-ops/shared-ipc keep their names in the bundle', async () => {
  const script = `
    import * as kit from '@cli-ops/shared-ipc'
    const home = '/never-made'
    const { LockManager, EventBus, ServiceRegistry, IPCClient } = kit
    const objects = [LockManager, EventBus, ServiceRegistry].map((made) => new made({ home }))
    console.log(...objects, new IPCClient('cli-alpha', { home }), kit.IPCServer.name)`
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script], {
    cwd: root,
  })
  expect(stdout).toBe(
    "LockManager {} EventBus {} ServiceRegistry {} IPCClient { name: 'cli-alpha' } IPCServer\n",
  )
})

describe.each(['commander', 'yargs'])('the preload of the %s plugin is found', (framework) => {
  test.each(['--require', '--import'])('by %s', async (option) => {
    const preload = `@cli-ops/${framework}-plugin/register`
    const { stdout, stderr } = await run(process.execPath, [option, preload, '-p', '1 + 1'], {
      cwd: root,
    })
    expect([stdout, stderr]).toEqual(['2\n', ''])
  })
})
