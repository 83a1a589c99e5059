import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, realpathSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

import {
  afterAll,
  beforeAll,
  describe,
  expect,
  onTestFinished,
  test,
  type TestContext,
} from 'vitest'

import { root } from '../../scripts/workspaces.mjs'
import { javaScriptBlocks, runBlock } from '../documents/run-block.js'
import { TemporaryUser } from '../documents/start-cli.js'
import { HubServer } from '../engines/hub-server.js'
import { packPackages } from './pack-packages.js'
import {
  installManager,
  type ManagerName,
  MANAGERS,
  type PackageManager,
} from './package-managers.js'
import { startRegistry } from './tarball-registry.js'
import { removeFolder } from '../../packages/core/test/fixtures/remove-folder.mjs'

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'cli-ops-managers-')))
const managers = new Map<ManagerName, PackageManager | undefined>()
let tarballs: ReadonlyMap<string, string>
let registry: Awaited<ReturnType<typeof startRegistry>>

beforeAll(async () => {
  tarballs = packPackages(folder)
  registry = await startRegistry(tarballs, folder)
  for (const name of MANAGERS)
    managers.set(name, installManager(name, join(folder, name), registry.url))
})

afterAll(() => {
  registry.close()
  removeFolder(folder)
})

function managerOf(name: ManagerName, { skip }: TestContext): PackageManager {
  return managers.get(name) ?? skip(`${name} cannot be fetched from the registry`)
}

function emptyFolder(): string {
  return mkdtempSync(join(folder, 'project-'))
}

/** Creates a project with a program on commander that nothing coordinates yet. */
function plainProject(): string {
  const project = emptyFolder()
  const dependencies = { commander: '^14.0.3', '@cli-ops/driver-websocket': '*', ws: '^8.23.0' }
  const manifest = {
    name: 'tidy',
    private: true,
    bin: './tidy.mjs',
    dependencies,
    devDependencies: { '@cli-ops/cli': '*' },
  }
  writeFileSync(join(project, 'package.json'), JSON.stringify(manifest))
  writeFileSync(join(project, 'yarn.lock'), '')
  writeFileSync(
    join(project, 'tidy.mjs'),
    `import { program } from 'commander'

program.command('sync').action(() => console.log('synced'))
program.parse()
`,
  )
  return project
}

const PASSED = /^(?:#|ℹ) pass 1$/mu

describe.each(MANAGERS)('with %s', (name) => {
  test.for(['commander', 'yargs', 'oclif'])(
    'create cli-ops creates a CLI on %s that passes its test',
    async (framework, context) => {
      const manager = managerOf(name, context)
      const place = emptyFolder()
      const said = await manager.run(place, [
        ...['create', 'cli-ops', 'notes', '--framework', framework],
      ])
      const { command } = manager
      expect(said).toContain(`  cd notes\n  ${command} install\n  ${command} test\n`)
      const made = join(place, 'notes')
      await manager.run(made, ['install'])
      expect(await manager.run(made, ['test'])).toMatch(PASSED)
    },
  )

  test('a new CLI installs its packages from a folder of tarballs', async (context) => {
    const manager = managerOf(name, context)
    const made = join(emptyFolder(), 'notes')
    const creator = join(root, 'packages/create-cli-ops/dist/main.js')
    const args = [made, '--framework', 'oclif', '--tarballs', folder]
    await promisify(execFile)(process.execPath, [creator, ...args])
    await manager.run(made, ['install'])
    expect(await manager.run(made, ['test'])).toMatch(PASSED)
  })

  test('init --write wires a CLI, whose lock can be on an engine', async (context) => {
    const manager = managerOf(name, context)
    const project = plainProject()
    await manager.run(project, ['install'])
    const init = [...manager.exec, 'cli-ops', 'init', '--write', '--yes']
    expect(await manager.run(project, init)).toContain(
      `Changed package.json and tidy.mjs. Now run: ${manager.command} install\n`,
    )
    await manager.run(project, ['install'])

    const hub = await HubServer.start()
    onTestFinished(() => hub.stop())
    const home = mkdtempSync(join(folder, 'home-'))
    const rule = { lock: 'attic', emits: 'tidied' }
    writeFileSync(
      join(home, 'config.json'),
      JSON.stringify({ clis: { tidy: { commands: { sync: rule } } } }),
    )
    for (const engine of [{}, { CLI_OPS_URL: hub.url, CLI_OPS_TOKEN: hub.secret }]) {
      const run = (...args: string[]) =>
        manager.run(project, [...manager.exec, ...args], {
          ...engine,
          CLI_OPS_HOME: home,
          XDG_RUNTIME_DIR: home,
        })
      expect(await run('node', 'tidy.mjs', 'sync')).toContain('synced\n')
      const events = await run('cli-ops', 'events', '--json')
      expect(events).toContain('"type":"tidied"')
      expect(events).toContain('"resource":"attic"')
    }
  })
})

describe('where a package finds only its declared dependencies, as pnpm installs it', () => {
  const project = join(folder, 'documents')

  test.for(javaScriptBlocks())('$place', async (block, context) => {
    const manager = managerOf('pnpm', context)
    if (!existsSync(project)) {
      mkdirSync(project)
      const names = [
        ...['shared-ipc', ...['commander', 'yargs', 'oclif'].map((one) => `${one}-plugin`)].map(
          (one) => `@cli-ops/${one}`,
        ),
        ...['commander', 'yargs', '@oclif/core', 'zod'],
      ]
      const dependencies = Object.fromEntries(names.map((one) => [one, '*'] as const))
      writeFileSync(join(project, 'package.json'), JSON.stringify({ private: true, dependencies }))
      await manager.run(project, ['install'])
    }
    const { environment } = new TemporaryUser()
    expect(await runBlock(block, { cwd: project, env: environment })).toBe('')
  })
})
