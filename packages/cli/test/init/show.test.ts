import { mkdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

import { describe, expect, test } from 'vitest'

import { FRAMEWORKS } from '../../src/init/frameworks.js'
import { CliOpsUser } from '../fixtures/cli-ops-user.js'

interface Shown {
  readonly folder: string | null
  readonly frameworks: readonly {
    readonly framework: string
    readonly version: string
    readonly supported: boolean
    readonly hasPlugin: boolean
    readonly install: string
    readonly add: readonly string[]
  }[]
}

function userWith(files: Readonly<Record<string, unknown>>): CliOpsUser {
  const user = new CliOpsUser()
  for (const [path, content] of Object.entries(files)) {
    const file = join(user.directory, path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content))
  }
  return user
}

describe('init', () => {
  test('shows the line for the framework of an ES module, as it is installed', async () => {
    const user = userWith({
      'package.json': { type: 'module', dependencies: { commander: '^13.0.0' } },
      'node_modules/commander/package.json': { version: '13.1.0' },
      'src/deep/file.js': '',
    })
    expect(await user.json<Shown>('init', 'src/deep')).toEqual({
      folder: user.directory,
      frameworks: [
        {
          framework: 'commander',
          version: '13.1.0',
          supported: true,
          hasPlugin: false,
          wired: false,
          install: 'npm install @cli-ops/commander-plugin',
          add: [
            "import { cliOps } from '@cli-ops/commander-plugin'",
            'program.use(cliOps())   // before program.parse()',
          ],
        },
      ],
    })
    expect((await user.run('init')).stdout).toContain('  program.use(cliOps())')
  })

  test('of CommonJS, with the package manager in use', async () => {
    const user = userWith({
      'package.json': { dependencies: { yargs: '^17.7.0' } },
      'pnpm-lock.yaml': '',
    })
    const [yargs] = (await user.json<Shown>('init')).frameworks
    expect(yargs).toMatchObject({
      version: '^17.7.0',
      supported: true,
      install: 'pnpm add @cli-ops/yargs-plugin',
    })
    expect(yargs?.add[0]).toBe("const { cliOps } = require('@cli-ops/yargs-plugin')")
  })

  test('of oclif: in its list of plugins, if it has one', async () => {
    const dependencies = { '@oclif/core': '^4.0.0' }
    const none = userWith({ 'package.json': { dependencies } })
    expect((await none.run('init')).stdout).toContain(
      '"oclif": { "plugins": ["@cli-ops/oclif-plugin"] }',
    )
    const some = userWith({
      'package.json': { dependencies, oclif: { plugins: ['@oclif/plugin-help'] } },
    })
    expect((await some.run('init')).stdout).toContain(
      'add "@cli-ops/oclif-plugin" to "oclif": { "plugins": […] }',
    )
  })

  test('of several, and one that already has its plugin', async () => {
    const user = userWith({
      'package.json': {
        dependencies: { commander: '^14.0.0', '@cli-ops/commander-plugin': '^0.1.0', yargs: '18' },
      },
    })
    const { frameworks } = await user.json<Shown>('init')
    expect(frameworks.map(({ framework, hasPlugin }) => [framework, hasPlugin])).toEqual([
      ['commander', true],
      ['yargs', false],
    ])
    expect((await user.run('init')).stdout).not.toContain('install @cli-ops/commander-plugin')
  })

  test('says that a version is not tested with the plugin', async () => {
    const user = userWith({ 'package.json': { dependencies: { commander: '^7.2.0' } } })
    expect(await user.run('init')).toEqual({
      status: 1,
      stdout: 'commander ^7.2.0: not supported; the plugin supports 12 to 15\n',
      stderr: '',
    })
  })

  test('no framework, no package, no JSON', async () => {
    const none = await userWith({ 'package.json': { dependencies: { toString: '1' } } }).run('init')
    expect(none).toMatchObject({ status: 1, stdout: '' })
    expect(none.stderr).toContain('depends on none of commander, yargs, @oclif/core')
    const nowhere = userWith({})
    const outside = await nowhere.run('init')
    expect(outside).toMatchObject({ status: 1, stdout: '' })
    expect(outside.stderr).toContain(
      `cli-ops: no package.json in ${realpathSync(nowhere.directory)} or above`,
    )
    const broken = await userWith({ 'package.json': '{' }).run('init')
    expect(broken).toMatchObject({ status: 2, stdout: '' })
    expect(broken.stderr).toMatch(/^cli-ops: .*package\.json must be JSON: /u)
  })
})

test('the versions are the ones in the plugins’ peer dependencies', () => {
  for (const { name, plugin, majors } of FRAMEWORKS) {
    const folder = plugin.slice('@cli-ops/'.length)
    const manifest = JSON.parse(
      readFileSync(new URL(`../../../${folder}/package.json`, import.meta.url), 'utf8'),
    ) as { peerDependencies: Record<string, string> }
    expect(manifest.peerDependencies[name]).toBe(`>=${majors[0]} <${majors[1] + 1}`)
  }
})
