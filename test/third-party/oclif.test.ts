import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, describe, expect, test } from 'vitest'

import { root } from '../../scripts/workspaces.mjs'
import { runCli, temporaryFolder } from './attached-cli.js'
import { type Attachment, describeAttachment } from './attachment-suite.js'
import { removeFolder } from '../../packages/core/test/fixtures/remove-folder.mjs'

/** What `plugins link` writes into the data directory of an oclif CLI. */
function writeLinks(folder: string, plugins: Readonly<Record<string, string>>): void {
  const links = Object.entries(plugins).map(([name, at]) => ({ name, root: at, type: 'link' }))
  mkdirSync(folder)
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({ private: true, oclif: { schema: 1, plugins: links } }),
  )
}

/** A third-party plugin with commands that end in every way. */
function writeEndingsPlugin(folder: string): void {
  mkdirSync(folder)
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({
      name: 'endings',
      version: '1.0.0',
      oclif: {
        commands: { strategy: 'explicit', target: './commands.js', identifier: 'COMMANDS' },
      },
    }),
  )
  const core = createRequire(join(root, 'node_modules/oclif/package.json')).resolve('@oclif/core')
  writeFileSync(
    join(folder, 'commands.js'),
    `const { Command, Args } = require(${JSON.stringify(core)})
    const endings = {
      done: () => console.log('done'),
      exit: () => process.exit(5),
      late: () => { process.on('exit', () => { process.exitCode = 4 }) },
      error: (command) => command.error('refused by the host', { exit: 3 }),
      'this.exit': (command) => command.exit(0),
      another: (command) => command.config.runCommand('end', ['done']),
      stay: () => {
        console.log('ready')
        return new Promise(() => setInterval(() => undefined, 60_000))
      },
    }
    class End extends Command {
      static args = { ending: Args.string({ required: true }) }
      static enableJsonFlag = true
      async run() {
        const { args } = await this.parse(End)
        return endings[args.ending](this)
      }
    }
    // Not derived from oclif's class: all that oclif asks of a command is a static run().
    class Plain {
      static async run() { console.log('plain') }
    }
    exports.COMMANDS = { end: End, plain: Plain }`,
  )
}

const folder = mkdtempSync(join(tmpdir(), 'cli-ops-'))
afterAll(() => {
  removeFolder(folder)
})
const endingsPlugin = join(folder, 'endings-plugin')
writeEndingsPlugin(endingsPlugin)
writeLinks(join(folder, 'without'), { endings: endingsPlugin })
writeLinks(join(folder, 'with'), {
  endings: endingsPlugin,
  '@cli-ops/oclif-plugin': join(root, 'packages/oclif-plugin'),
})

const cli: Attachment['cli'] = {
  name: 'oclif',
  program: 'oclif/bin/run.js',
  env: (isAttached) => ({
    OCLIF_DATA_DIR: join(folder, isAttached ? 'with' : 'without'),
    OCLIF_CACHE_DIR: join(folder, 'cache'),
    OCLIF_SKIP_NEW_VERSION_CHECK: 'true',
  }),
}

function writeProject(cwd: string): void {
  mkdirSync(join(cwd, 'commands'))
  writeFileSync(
    join(cwd, 'package.json'),
    JSON.stringify({
      name: 'some-cli',
      version: '1.0.0',
      files: ['commands'],
      oclif: { commands: './commands' },
    }),
  )
  writeFileSync(
    join(cwd, 'commands/hello.js'),
    `exports.default = class { static args = {}; static flags = {}; static async run() {} }`,
  )
}

describeAttachment({
  cli,
  command: 'manifest',
  prepare: writeProject,
  endings: [
    { title: 'writing a manifest', args: ['manifest'], exitCode: 0 },
    { title: 'a folder without a package', args: ['manifest', 'missing'], exitCode: 1 },
    // oclif validates within the command, so this is a failed command.
    { title: 'an unknown flag', args: ['manifest', '--unknown'], exitCode: 2 },
  ],
  free: [['--help'], ['--version'], ['manifest', '--help'], ['no-such-command']],
})

describeAttachment({
  cli,
  command: 'end',
  prepare: () => undefined,
  endings: [
    { title: 'returning', args: ['end', 'done'], exitCode: 0 },
    { title: 'process.exit(5)', args: ['end', 'exit'], exitCode: 5 },
    { title: 'a late exit code', args: ['end', 'late'], exitCode: 4 },
    { title: 'this.error()', args: ['end', 'error'], exitCode: 3 },
    { title: 'this.error() under --json', args: ['end', 'error', '--json'], exitCode: 1 },
    { title: 'this.exit(0)', args: ['end', 'this.exit'], exitCode: 0 },
    {
      title: 'SIGTERM',
      args: ['end', 'stay'],
      send: 'SIGTERM',
      exitCode: null,
      signal: 'SIGTERM',
    },
  ],
  free: [],
})

describeAttachment({
  cli,
  command: 'plain',
  prepare: () => undefined,
  endings: [{ title: 'a static run()', args: ['plain'], exitCode: 0 }],
  free: [],
})

describe('the ops commands', () => {
  test.each([['status'], ['ps'], ['locks'], ['doctor']])('ops %s', async (command) => {
    const home = temporaryFolder()
    const { exitCode, stdout, stderr } = await runCli(cli, {
      args: ['ops', command, '--json'],
      cwd: home,
      home,
    })
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
    expect(JSON.parse(stdout)).toBeDefined()
  })

  test('say what is wrong with their arguments', async () => {
    const home = temporaryFolder()
    const run = { cwd: home, home }
    const unknown = await runCli(cli, { ...run, args: ['ops', 'ps', '--unknown'] })
    expect(unknown).toMatchObject({ exitCode: 2, stdout: '' })
    expect(unknown.stderr).toContain('--unknown')
    const missing = await runCli(cli, { ...run, args: ['ops', 'locks', 'release'] })
    expect(missing).toMatchObject({ exitCode: 2, stdout: '' })
    expect(missing.stderr).toContain('resource')
    const help = await runCli(cli, { ...run, args: ['ops', 'locks', 'release', '--help'] })
    expect(help).toMatchObject({ exitCode: 0, stderr: '' })
    expect(help.stdout).toMatch(/RESOURCE[\s\S]*--id=<id>/u)
  })
})
