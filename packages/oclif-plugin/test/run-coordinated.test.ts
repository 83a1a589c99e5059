import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

import { describe, expect, onTestFinished, test } from 'vitest'

import { root } from '../../../scripts/workspaces.mjs'
import { OclifHost } from './oclif-host.js'

const COMMANDS = `
  import { Command } from '@oclif/core'
  class Sync extends Command {
    static enableJsonFlag = true
    async run() { this.log('done'); return { done: true } }
  }
  class Carrying extends Command {
    static cliOps = { lock: { resource: 'carried', onBusy: 'fail' }, emits: 'project:created' }
    async run() { return { id: '1', name: 'one' } }
  }
  class Exit extends Command { async run() { this.exit(0) } }
  class Outer extends Command {
    async run() {
      await this.config.runCommand('sync')
      await this.config.runCommand('sync')
      this.log('outer done')
    }
  }
  export const COMMANDS = { sync: Sync, 'project:add': Carrying, exit: Exit, outer: Outer }
  export default Sync`

const BUSY = { lock: { resource: 'projects', onBusy: 'fail' } }

describe('a rule', () => {
  test.each([['project add'], ['project:add']])('is found by the key %s', async (key) => {
    const host = new OclifHost(COMMANDS, { cliOps: { commands: { [key]: BUSY } } })
    const run = () => host.run(['project:add'])
    expect(await host.whileHeld('projects', run)).toMatchObject({ exitCode: 75 })
    expect(await run()).toMatchObject({ exitCode: 0 })
  })

  test('can be part of the class, as static cliOps', async () => {
    const host = new OclifHost(COMMANDS)
    const run = () => host.run(['project:add'])
    expect(await host.whileHeld('carried', run)).toMatchObject({ exitCode: 75, stdout: '' })
    expect(await run()).toEqual({ exitCode: 0, stdout: '', stderr: '' })
    expect((await host.events()).slice(2)).toEqual([
      'command:started project add',
      'project:created',
      'command:completed project add',
    ])
  })

  test('of the person in config.json wins over the one in package.json', async () => {
    const host = new OclifHost(COMMANDS, {
      cliOps: { commands: { sync: { lock: { resource: 'authors', onBusy: 'fail' } } } },
    })
    host.configure({ commands: { sync: BUSY } })
    const run = () => host.run(['sync'])
    expect(await host.whileHeld('authors', run)).toMatchObject({ exitCode: 0 })
    expect(await host.whileHeld('projects', run)).toMatchObject({ exitCode: 75 })
  })

  test('prints a busy lock as JSON under --json, with 75', async () => {
    const host = new OclifHost(COMMANDS, { cliOps: { commands: { sync: BUSY } } })
    const { exitCode, stdout } = await host.whileHeld('projects', () =>
      host.run(['sync', '--json']),
    )
    expect(exitCode).toBe(75)
    expect(JSON.parse(stdout)).toEqual({
      error: {
        name: 'CliOpsError',
        message: expect.stringMatching(/^"projects" is held by holder /u) as string,
        code: 'LOCK_HELD',
        retryable: true,
        details: {
          resource: 'projects',
          owner: {
            name: 'holder',
            pid: expect.any(Number) as number,
            host: expect.any(String) as string,
          },
          since: expect.stringMatching(/^\d{4}-/u) as string,
        },
        oclif: { exit: 75 },
      },
    })
  })

  test('prints JSON under --json where it skips, with 0', async () => {
    const rule = { lock: { resource: 'projects', onBusy: 'skip' } } as const
    const host = new OclifHost(COMMANDS, { cliOps: { commands: { sync: rule } } })
    const { exitCode, stdout } = await host.whileHeld('projects', () =>
      host.run(['sync', '--json']),
    )
    expect(exitCode).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({
      skipped: { code: 'LOCK_HELD', details: { owner: { name: 'holder' } }, oclif: { exit: 0 } },
    })
  })

  test('for every command does not affect help', async () => {
    const host = new OclifHost(COMMANDS, {
      cliOps: { commands: { '*': BUSY } },
      dependencies: { '@cli-ops/oclif-plugin': '*', '@oclif/plugin-help': '*' },
      oclif: { plugins: ['@cli-ops/oclif-plugin', '@oclif/plugin-help'] },
    })
    const { exitCode, stdout } = await host.whileHeld('projects', () => host.run(['help', 'sync']))
    expect({ exitCode, stdout }).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('USAGE') as unknown,
    })
    expect(await host.events()).toEqual([])
  })

  test('that is wrong prevents the command from running', async () => {
    const host = new OclifHost(COMMANDS, { cliOps: { commands: { sync: { lokc: 'projects' } } } })
    const { exitCode, stdout, stderr } = await host.run(['sync'])
    expect({ exitCode, stdout }).toEqual({ exitCode: 78, stdout: '' })
    expect(stderr).toContain('lokc')
  })

  const RULES = { commands: { sync: BUSY } }
  test.each([
    [{ cliops: RULES }, '"cliops" in package.json is not read; did you mean "cliOps"?'],
    [{ 'cli-ops': RULES }, '"cli-ops" in package.json is not read; did you mean "cliOps"?'],
    [{ oclif: { cliOps: RULES } }, '"cliOps" in package.json must be next to "oclif", not in it'],
  ])(
    'where oclif does not read it, as in %j, prevents the command from running',
    async (manifest, reason) => {
      const host = new OclifHost(COMMANDS, manifest)
      const { exitCode, stdout, stderr } = await host.run(['sync'])
      expect({ exitCode, stdout }).toEqual({ exitCode: 78, stdout: '' })
      expect(stderr).toContain(reason)
    },
  )
})

test('a command that runs others is followed by their events, but keeps its lock to itself', async () => {
  const host = new OclifHost(COMMANDS, {
    cliOps: { commands: { outer: { lock: 'outer' }, sync: { lock: 'projects' } } },
  })
  expect(await host.run(['outer'])).toEqual({
    exitCode: 0,
    stdout: 'done\ndone\nouter done\n',
    stderr: '',
  })
  expect((await host.events()).sort()).toEqual([
    'command:completed outer',
    'command:completed sync',
    'command:completed sync',
    'command:started outer',
    'command:started sync',
    'command:started sync',
  ])
})

test('this.exit(0) ends a command successfully', async () => {
  const host = new OclifHost(COMMANDS, { cliOps: { commands: { exit: { emits: 'exit:done' } } } })
  expect(await host.run(['exit'])).toEqual({ exitCode: 0, stdout: '', stderr: '' })
  expect(await host.events()).toEqual([
    'command:started exit',
    'exit:done exit',
    'command:completed exit',
  ])
})

test('a CLI with a single command has the rule of the root', async () => {
  const host = new OclifHost(COMMANDS, {
    oclif: { commands: { strategy: 'single', target: './commands.mjs' } },
    cliOps: { commands: { '': BUSY } },
  })
  expect(await host.run([])).toEqual({ exitCode: 0, stdout: 'done\n', stderr: '' })
  expect(await host.whileHeld('projects', () => host.run([]))).toMatchObject({ exitCode: 75 })
  expect((await host.events()).slice(0, 2)).toEqual(['command:started', 'command:completed'])
})

/** Returns the kit's files that a run of the host loads, as V8's coverage lists them. */
async function loadedBy(host: OclifHost, args: readonly string[]): Promise<string[]> {
  const coverage = mkdtempSync(join(tmpdir(), 'cli-ops-'))
  onTestFinished(() => {
    rmSync(coverage, { recursive: true })
  })
  await host.run(args, { NODE_V8_COVERAGE: coverage })
  const urls = readdirSync(coverage).flatMap((file) => {
    const { result } = JSON.parse(readFileSync(join(coverage, file), 'utf8')) as {
      result: { url: string }[]
    }
    return result.map(({ url }) => url)
  })
  return urls
    .filter((url) => url.startsWith('file:'))
    .map((url) => relative(root, fileURLToPath(url)))
    .filter((file) => file.startsWith('packages'))
    .sort()
}

test('loads three files for a command, and only the hook for help', async () => {
  const host = new OclifHost(COMMANDS)
  // The first run of a home also cleans up.
  await host.run(['sync'])
  const loaded = await loadedBy(host, ['sync'])
  expect(loaded).toEqual([
    'packages/oclif-plugin/dist/hooks/init.js',
    'packages/oclif-plugin/dist/lazy.cjs',
    'packages/oclif-plugin/dist/run-coordinated.js',
  ])
  const hook = ['packages/oclif-plugin/dist/hooks/init.js']
  expect(await loadedBy(host, ['--help'])).toEqual(hook)
  expect(await loadedBy(host, ['--version'])).toEqual(hook)
})
