import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import type { Command } from 'commander'
import { expect, test } from 'vitest'

import { root } from '../../../scripts/workspaces.mjs'
import { createProgram } from '../src/program.js'
import { CliOpsUser } from './fixtures/cli-ops-user.js'

const COMMANDS = createProgram()
  .commands.map((command) => command.name())
  .filter((name) => !name.startsWith('__'))

/** Some run until they are stopped. */
function ends(command: string): boolean {
  return !['top', 'dashboard', 'serve'].includes(command)
}

const examples = new Map<string, Promise<string[]>>()

/** Returns the examples in the help of a command, which is asked for once. */
function examplesOf(command: string): Promise<string[]> {
  const known = examples.get(command) ?? readExamples(command)
  examples.set(command, known)
  return known
}

async function readExamples(command: string): Promise<string[]> {
  const { stdout, status, stderr } = await new CliOpsUser().run(command, '--help')
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  return [...stdout.matchAll(/^ {2}\$ (.+)$/gmu)].map(([, line = '']) => line)
}

/** Returns a user for whom every example has something to show. */
async function preparedUser(): Promise<CliOpsUser> {
  const user = new CliOpsUser()
  for (const name of ['deploy.sh', 'report.sh', 'device-tests.sh'])
    writeFileSync(join(user.directory, name), '#!/bin/sh\necho "$@"\n', { mode: 0o755 })
  writeFileSync(
    join(user.directory, 'package.json'),
    '{ "bin": "cli.mjs", "dependencies": { "commander": "14" } }',
  )
  writeFileSync(
    join(user.directory, 'cli.mjs'),
    `import { program } from 'commander'\nprogram.parse()\n`,
  )
  linkPackage(user, 'commander')
  writeFileSync(
    join(user.directory, 'release.mjs'),
    `import { Command } from 'commander'\nnew Command('release').command('publish').parent.parse()`,
  )
  const ops = user.coordinator('cli-alpha')
  await ops.events.emit('task:created', { id: '1', title: 'Write' })
  const server = ops.serve()
  server.handle('get-tasks', () => ['Write'])
  await server.ready
  return user
}

function allBelow(command: Command): Command[] {
  return [command, ...command.commands.flatMap((below) => allBelow(below))]
}

function linkPackage(user: CliOpsUser, name: string): void {
  mkdirSync(join(user.directory, 'node_modules'))
  symlinkSync(join(root, 'node_modules', name), join(user.directory, 'node_modules', name))
}

test('every command has help, and the kit’s own have examples', async () => {
  for (const command of COMMANDS.filter((name) => name !== 'help'))
    expect(await examplesOf(command), command).not.toEqual([])
}, 60_000)

test.each([40, 60, 80])('the help of every command fits %i columns', (width) => {
  for (const command of allBelow(createProgram())) {
    let text = ''
    command.configureOutput({
      writeOut: (part) => void (text += part),
      getOutHelpWidth: () => width,
    })
    command.outputHelp()
    const [, ...lines] = text.split('\n')
    // Examples are copied as they are; a term or a URL cannot be broken.
    const wide = lines.filter(
      (line) => line.length > width && !/^ {2}(?:\$ |-|\w+ <)|https:/u.test(line),
    )
    expect(wide, command.name()).toEqual([])
  }
})

test('the help begins with what is wanted most, in groups', () => {
  let text = ''
  const program = createProgram()
  program.configureOutput({ writeOut: (part) => void (text += part) })
  program.outputHelp()
  expect(text.match(/^(?:[A-Z].*:| {2}(?:run|why|doctor|init) .*)$/gmu)).toMatchObject([
    'Options:',
    'Take part:',
    expect.stringContaining('run'),
    'Look:',
    expect.stringContaining('why'),
    'Repair:',
    expect.stringContaining('doctor'),
    'Set up:',
    expect.stringContaining('init'),
    'Examples:',
  ])
})

test('a short option means one thing', () => {
  const meanings = new Map<string, Set<string>>()
  for (const { options } of allBelow(createProgram()))
    for (const { short, long } of options) {
      if (short == null) continue
      // What attach writes into a rule is called "emits" there.
      const meaning = long?.replace('emits', 'emit') ?? short
      meanings.set(short, (meanings.get(short) ?? new Set()).add(meaning))
    }
  const ambiguous = [...meanings].filter(([, names]) => names.size > 1)
  expect(ambiguous.map(([short]) => short)).toEqual([])
})

test('the examples run', async () => {
  const user = await preparedUser()
  const lines = (await Promise.all(COMMANDS.filter(ends).map(examplesOf))).flat()
  for (const example of lines) {
    if (example.includes('--follow')) continue
    // jq is not installed everywhere; the output only has to be readable by it.
    const line = example.replace(/\| jq .*$/u, '| while read -r line; do :; done')
    const { status, stderr } = await user.bash(line).ended
    // 1 if a reader of its output finds nothing more to read.
    const allowed = example.includes('--timeout') ? [0, 124] : [0]
    expect(allowed, `${example}: ${stderr}`).toContain(status)
  }
}, 300_000)

test('the example that keeps running shows new events, and ends with Ctrl-C', async () => {
  const user = await preparedUser()
  const following = user.start('events', '-f')
  await following.says('task:created')
  await user.coordinator().events.emit('task:deleted', { id: '1' })
  await following.says('task:deleted')
  following.child.kill('SIGINT')
  expect((await following.ended).status).toBe('SIGINT')
})

test('an unknown command, option or argument: 2, on stderr', async () => {
  for (const args of [
    ['nope'],
    ['status', '--nope'],
    ['locks', 'release'],
    ['run'],
    ['emit'],
    [],
  ]) {
    const { status, stdout, stderr } = await new CliOpsUser().run(...args)
    expect({ args, status, stdout }).toEqual({ args, status: 2, stdout: '' })
    expect(stderr).not.toBe('')
  }
})

const NO_SCHEME = '--url must be a URL such as redis://host:6379, got one with no scheme'

test.each([
  [['run', '--lok', 'x', 'true'], "unknown option '--lok' (Did you mean --lock?)"],
  [['status', '--home', '/x'], "unknown option '--home'; give it before the command"],
  [['--home', '', 'status'], '--home must not be empty'],
  [['--home', '', 'run', '-l', 'x', 'true'], '--home must not be empty'],
  [['emit', 'a:b', '--\u001b[31m'], 'unknown option \'--?[31m\'; see "cli-ops help emit"'],
  [
    ['run', '-l', 'x', '--no-wait', '--wait', '5s', 'true'],
    '--wait cannot be combined with --no-wait',
  ],
  [['run', '-l', 'x', '-w5s', '-n', 'true'], '--wait cannot be combined with --no-wait'],
  [['help', 'nosuch'], 'unknown command \'nosuch\'; see "cli-ops help"'],
  [['help', 'statu'], "unknown command 'statu' (Did you mean status?)"],
  [['help', 'locks', 'releas'], "unknown command 'locks releas' (Did you mean release?)"],
  [['statu', '--help'], "unknown command 'statu' (Did you mean status?)"],
  [['--namespace', 'a\nb', 'ps'], '--namespace must not contain control characters, got "a\\nb"'],
  [['--url', 'foo', 'locks'], NO_SCHEME],
  [['--url', '', 'locks'], '--url must not be empty'],
  [
    ['serve', '--store', 'foo'],
    '--store must be local: or the URL of an engine that outlives the hub',
  ],
  [['--url', 'localhost:6379', 'locks'], NO_SCHEME],
  [
    ['run', 'true'],
    'required option \'-l, --lock <resource>\' not specified; see "cli-ops help run"',
  ],
  [['run', '-l', 'x'], 'missing required argument \'program\'; see "cli-ops help run"'],
  [
    ['locks', 'release'],
    'missing required argument \'resource\'; see "cli-ops help locks release"',
  ],
  [['dashboard', '--port', '99999'], '--port must be a number from 0 to 65535, got "99999"'],
  [['conformance'], 'nothing to check: give a name, --reads or --emits'],
  [['completion', 'csh'], '<shell> must be one of bash, zsh, fish, got "csh"'],
  [['wait-for', 'a:b', '--after', 'x'], '--after must be a cursor of this event log, got "x"'],
])('%j: 2, and one line names what is wrong', async (args, message) => {
  const { status, stdout, stderr } = await new CliOpsUser().run(...args)
  expect({ status, stdout, stderr }).toEqual({
    status: 2,
    stdout: '',
    stderr: `cli-ops: ${message}\n`,
  })
})

test('what is wrong is named as it was given: the option, else the variable', async () => {
  const user = new CliOpsUser()
  const run = ['run', '-l', 'x', 'true']
  const open = join(user.directory, 'open')
  mkdirSync(open, { mode: 0o755 })
  const given: [...string[]][] = [
    ['--url', 'foo', 'doctor'],
    ['--url', 'foo:', 'status'],
    ['--url', 'foo', ...run],
    ['--url', 'foo', 'run', '-l', 'x', '-e', 'a:b', 'true'],
    ['--home', open, 'locks'],
    ['--home', open, ...run],
    ['--home', '/dev/null', 'locks'],
    ['--namespace', '\t', ...run],
  ]
  for (const args of given) {
    const { status, stdout, stderr } = await user.run(...args)
    expect(status, `${args.join(' ')}: ${stderr}`).not.toBe(0)
    expect(stdout + stderr).toContain(args[0])
    expect(stderr).not.toMatch(/CLI_OPS_(?:URL|HOME|NAMESPACE)/u)
  }
  const { stderr } = await new CliOpsUser({ CLI_OPS_URL: 'foo' }).run('locks')
  expect(stderr).toContain('CLI_OPS_URL must')
})

test('says what to do about an engine that is away, and where its URL came from', async () => {
  const url = 'redis://127.0.0.1:1'
  const given = await new CliOpsUser().run('--url', url, 'doctor')
  expect(given.stdout).toMatch(/^FAIL {2}engine: .*\n +check that it runs .*, or correct --url$/mu)
  const set = await new CliOpsUser({ CLI_OPS_URL: url }).run('doctor')
  expect(set.stdout).toMatch(/, or correct CLI_OPS_URL$/mu)
  for (const command of ['why', 'history', 'locks']) {
    const { status, stderr } = await new CliOpsUser({ CLI_OPS_URL: url }).run(command)
    expect({ command, status }).toEqual({ command, status: 1 })
    expect(stderr).toMatch(
      /^cli-ops: cannot use redis:[^\n]*; check that it runs [^\n]*, or correct CLI_OPS_URL\n$/u,
    )
  }
})

test('--url is for everything, whatever the variables of single primitives say', async () => {
  const user = new CliOpsUser({ CLI_OPS_LOCKS_URL: 'redis://127.0.0.1:1' })
  expect(await user.run('--url', 'local:', 'locks')).toMatchObject({ status: 0, stderr: '' })
  expect((await user.run('--url', 'local:', 'run', '-l', 'x', 'true')).status).toBe(0)
})

test('"help" shows the help of a command, also of one below another', async () => {
  const user = new CliOpsUser()
  for (const path of [['locks'], ['locks', 'release'], ['serve', 'key', 'add']]) {
    const { status, stdout } = await user.run('help', ...path)
    expect({ status, stdout }).toEqual({
      status: 0,
      stdout: (await user.run(...path, '--help')).stdout,
    })
  }
  expect((await user.run('help')).stdout).toBe((await user.run('--help')).stdout)
})

test('--home is relative to the folder of the command, also for the program that "run" starts', async () => {
  const user = new CliOpsUser()
  const args = ['--home', 'other', 'run', '-l', 'x', '--', 'sh', '-c', 'echo "$CLI_OPS_HOME"']
  expect(await user.run(...args)).toMatchObject({
    status: 0,
    stdout: `${user.directory}/other\n`,
  })
})
