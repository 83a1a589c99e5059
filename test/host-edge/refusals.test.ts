import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, describe, expect, test, type TestContext } from 'vitest'

import { asUser, requireTwoUsers, STRANGER } from '../attacks/as-user.js'
import { freePort } from '../engines/free-port.js'
import { root as WORKSPACE } from '../../scripts/workspaces.mjs'
import { lookInside } from './look-inside.js'
import type { Framework, Shape } from './shape.js'
import { type OneRun, ShapeProgram } from './shape-program.js'
import { commanderFramework } from './shapes/commander-framework.js'
import { OCLIF } from './shapes/oclif-framework.js'
import { yargsFramework } from './shapes/yargs-framework.js'
import { removeFolder } from '../../packages/core/test/fixtures/remove-folder.mjs'

/** A program with the commands `add` and `list`; the test chooses what it does before it parses, and how it parses. */
interface Program {
  readonly title: string
  readonly framework: Framework
  source(beforehand?: string): string
}

const commander = commanderFramework('commander', 'commander', true)
const yargs = yargsFramework('yargs', 'yargs', true)

const PROGRAMS: readonly Program[] = [
  {
    title: 'commander, parse()',
    framework: commander,
    source: (beforehand = '') => `${beforehand}
    const program = attach(new Command('host').exitOverride())
    program.command('add').alias('plus').action(() => console.log('added'))
    program.command('list').action(() => console.log('listed'))
    program.parse()`,
  },
  {
    title: 'commander, parseAsync()',
    framework: commander,
    source: (beforehand = '') => `${beforehand}
    const program = attach(new Command('host'))
    program.command('add').alias('plus').action(async () => console.log('added'))
    program.command('list').action(async () => console.log('listed'))
    await program.parseAsync().catch((error) => {
      console.log('the host caught', error.message)
      process.exitCode = 1
    })`,
  },
  {
    title: 'yargs, parse()',
    framework: yargs,
    source: (beforehand = '') => `${beforehand}
    attach(yargs(args)).command(['add', 'plus'], 'adds', {}, () => console.log('added'))
      .command('list', 'lists', {}, () => console.log('listed')).parse()`,
  },
  {
    title: 'yargs, parseAsync()',
    framework: yargs,
    source: (beforehand = '') => `${beforehand}
    await attach(yargs(args)).command(['add', 'plus'], 'adds', {}, async () => console.log('added'))
      .command('list', 'lists', {}, () => console.log('listed'))
      .fail((message, error) => {
        console.log('the host saw', message ?? error.message)
        process.exit(1)
      }).parseAsync()`,
  },
  {
    title: 'oclif',
    framework: OCLIF,
    source: (beforehand = '') => `${beforehand}
    class Add extends Command {
      static aliases = ['plus']
      async init() { console.log('init') }
      async run() { console.log('added') }
      async catch(error) {
        console.log('the host caught', error.message)
        process.exit(1)
      }
    }
    class List extends Command {
      async run() { console.log('listed') }
    }
    export const COMMANDS = { add: Add, list: List }`,
  },
]
const IN_CODE = PROGRAMS.filter(({ framework }) => framework !== OCLIF)

/** A user with an entry, since oclif looks up the name, but no processes. */
const NOBODY = 65_534
/** How long an engine can take to answer. */
const PATIENCE = { CLI_OPS_ENGINE_TIMEOUT_MS: '2000' }

const PERMISSION = process.allowedNodeEnvironmentFlags.has('--permission')
  ? '--permission'
  : '--experimental-permission'

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'cli-ops-')))
afterAll(() => {
  removeFolder(folder)
})

type Settings = Partial<Parameters<ShapeProgram['newRun']>[0]>

function newRun({ framework, source }: Program, settings: Settings = {}, beforehand?: string) {
  const shape: Shape = { title: '', args: ['add'], rules: ['add'], source: source(beforehand) }
  return new ShapeProgram(framework, shape, folder).newRun({ hasPlugin: true, ...settings })
}

/** Runs it with options in its code only, and nothing in the home. */
function withOptions(program: Program, options: string): OneRun {
  const framework: Framework = { ...program.framework, configure: () => ({ OPTIONS: options }) }
  return newRun({ ...program, framework })
}

/** Runs it with a `config.json` of this text in the home, and nothing in its code. */
function withConfig(program: Program, text: string, settings?: Settings): OneRun {
  const framework: Framework = {
    ...program.framework,
    configure(home) {
      writeFileSync(join(home, 'config.json'), text)
      return { OPTIONS: JSON.stringify({ name: 'host' }) }
    },
  }
  return newRun({ ...program, framework }, settings)
}

/** Checks that the command did not run, no handler of the host was called, and one line says why. */
async function expectRefused(
  run: OneRun,
  status: number,
  ...said: readonly (string | RegExp)[]
): Promise<void> {
  const end = await run.end()
  const line = expect.stringMatching(/^host: [^\n]+\n$/u) as string
  expect(end).toEqual({ status, stdout: '', stderr: line })
  for (const part of said) expect(end.stderr).toMatch(part)
}

describe.each(PROGRAMS)('$title: a busy lock', (program) => {
  test.each([
    {
      title: 'hears of uncaught exceptions and rejections',
      beforehand: `for (const event of ['uncaughtException', 'unhandledRejection'])
        process.on(event, (error) => {
          console.log('reported', error.message)
          process.exit(1)
        })`,
    },
    {
      title: 'captures uncaught exceptions',
      beforehand: `process.setUncaughtExceptionCaptureCallback((error) => {
        console.log('reported', error.message)
        process.exit(1)
      })`,
    },
    {
      title: 'changes the exit code in an exit listener',
      beforehand: `process.on('exit', () => { process.exitCode = 1 })`,
    },
    {
      title: 'adds such an exit listener in an exit listener',
      beforehand: `process.on('exit', () => process.on('exit', () => { process.exitCode = 0 }))`,
    },
    {
      title: 'has its own process.exit()',
      beforehand: `const { exit } = process
      process.exit = () => exit.call(process, 1)`,
    },
    {
      title: 'has an exit code already',
      beforehand: `process.exitCode = 3`,
    },
  ])('ends with 75 a host that $title', async ({ beforehand }) => {
    const run = newRun(program, { onBusy: 'fail' }, beforehand)
    const { status, stdout, stderr } = await run.whileHeld()
    expect({ status, stdout }).toEqual({ status: 75, stdout: '' })
    expect(stderr).toMatch(/^host: "res" [^\n]*\n$/u)
    const { types, last } = await lookInside(run.home)
    expect(types).toEqual(['command:started', 'command:failed'])
    expect(last).toMatchObject({ exitCode: 75 })
  })
})

describe.each(PROGRAMS)('$title: config.json', (program) => {
  const config = (commands: object, more: object = {}): string =>
    JSON.stringify({ clis: { host: { commands, ...more } } })
  const GOOD = { lock: { resource: 'res' } }

  test('the tests themselves work: a valid rule holds', async () => {
    const run = withConfig(program, config({ add: GOOD }))
    expect(await run.end()).toMatchObject({ status: 0, stderr: '' })
    expect((await lookInside(run.home)).types).toHaveLength(2)
  })

  test.each([
    [
      'has a comma too many',
      `{ "clis": { "host": { "commands": { "add": { "lock": "res" }, } } } }`,
      [],
    ],
    ['is empty', '', []],
    ['is a list', '[]', []],
    ['says cli for clis', JSON.stringify({ cli: {} }), ['"cli"', 'did you mean "clis"']],
    [
      'has a rule with an unknown key',
      config({ add: { lok: 'res' } }),
      ['add', 'lok', 'did you mean "lock"'],
    ],
    [
      'has a lock with an unknown key',
      config({ add: { lock: { resource: 'res', onBusi: 'fail' } } }),
      ['add', 'onBusi', 'did you mean "onBusy"'],
    ],
    [
      'has a lock with a wrong value',
      config({ add: { lock: { resource: 'res', onBusy: 'wiat' } } }),
      ['add', 'onBusy', '"wiat"', /\bwait\b/u],
    ],
    ['has a lock that is none', config({ add: { lock: 5 } }), ['add', 'lock', '5']],
    [
      'has a timeout that is none',
      config({ add: { lock: { resource: 'res', timeoutMs: '5s' } } }),
      ['add', 'timeoutMs', '"5s"'],
    ],
    [
      'has an unknown option',
      config({ add: GOOD }, { comands: {} }),
      ['comands', 'did you mean "commands"'],
    ],
    ['has a misspelt command', config({ ad: GOOD }), ['"ad"', 'did you mean "add"']],
    ['has a misspelt alias', config({ plsu: GOOD }), ['"plsu"']],
    [
      'has two rules for one command',
      config({ add: GOOD, plus: { lock: 'other' } }),
      ['"add"', '"plus"'],
    ],
    [
      'has a good rule and a wrong one for another command',
      config({ add: GOOD, list: { lok: 'x' } }),
      ['list', 'lok'],
    ],
    ['has a URL that is none', config({ add: GOOD }, { url: 'nonsense' }), ['nonsense']],
  ] as const)('%s: 78', async (_what, text, said) => {
    const run = withConfig(program, text)
    await expectRefused(run, 78, join(run.home, 'config.json'), ...said)
  })

  test('a broken config.json that names only another CLI costs nothing', async () => {
    const text = JSON.stringify({ clis: { other: { commands: { nothing: GOOD } } } })
    expect(await withConfig(program, text).end()).toMatchObject({ status: 0, stderr: '' })
  })
})

// The rules in it are unknown, so none of its commands may run.
describe.each(PROGRAMS)('$title: a config.json that cannot be read', (program) => {
  /** Creates a home in a separate folder, which the program is pointed to. */
  function homeElsewhere(context?: TestContext): string {
    if (context !== undefined) requireTwoUsers(context)
    const home = join(mkdtempSync(join(folder, 'elsewhere-')), 'data', 'home')
    mkdirSync(home, { recursive: true, mode: 0o700 })
    return home
  }

  /** Runs the program as a user who may enter its folder. */
  function asNobody(home: string): OneRun {
    const run = withConfig(program, '{}', {
      env: { CLI_OPS_HOME: home },
      wrapper: asUser(NOBODY),
    })
    chmodSync(folder, 0o755)
    for (const part of [run.cwd, join(run.cwd, '..'), join(home, '../..')]) chmodSync(part, 0o777)
    return run
  }

  test("is kept out by Node's permission model: 77", async () => {
    const home = homeElsewhere()
    // oclif checks whether it runs in WSL.
    const allowed = [WORKSPACE, join(folder, 'shape-*'), '/proc/*', '/run/*']
    const run = withConfig(program, '{}', {
      env: { CLI_OPS_HOME: home },
      nodeOptions: [
        PERMISSION,
        '--no-warnings',
        ...allowed.map((path) => `--allow-fs-read=${path}`),
      ],
    })
    await expectRefused(run, 77, join(home, 'config.json'), '--allow-fs-read')
  })

  test('is a directory: 69', async () => {
    const home = homeElsewhere()
    mkdirSync(join(home, 'config.json'))
    const run = withConfig(program, '{}', { env: { CLI_OPS_HOME: home } })
    await expectRefused(run, 69, join(home, 'config.json'), 'EISDIR')
  })

  test('is a link to itself: 69', async () => {
    const home = homeElsewhere()
    symlinkSync('config.json', join(home, 'config.json'))
    const run = withConfig(program, '{}', { env: { CLI_OPS_HOME: home } })
    await expectRefused(run, 69, join(home, 'config.json'), 'ELOOP')
  })

  test('is behind a directory of this user that cannot be entered: 77', async (context) => {
    const home = homeElsewhere(context)
    chownSync(join(home, '..'), NOBODY, NOBODY)
    chmodSync(join(home, '..'), 0o000)
    await expectRefused(asNobody(home), 77, join(home, 'config.json'), 'readable')
  })

  test('is behind a directory of another user: it is not this user’s, and the command runs', async (context) => {
    const home = homeElsewhere(context)
    writeFileSync(join(home, 'config.json'), '{ "clis": 5 }')
    chmodSync(join(home, '..'), 0o700)
    const { status, stdout, stderr } = await asNobody(home).end()
    expect({ status, stdout }).toEqual({
      status: 0,
      stdout: expect.stringContaining('added') as string,
    })
    expect(stderr).toMatch(/^host: continuing without events and registry: [^\n]+\n$/u)
  })
})

describe.each(IN_CODE)('$title: options in code', (program) => {
  test.each([
    ['a misspelt command', { commands: { ad: { lock: 'res' } } }, ['"ad"', 'did you mean "add"']],
    [
      'two rules for one command',
      { commands: { add: { lock: 'a' }, plus: { lock: 'b' } } },
      ['"plus"'],
    ],
  ])('%s: 78', async (_what, options, said) => {
    const run = withOptions(program, JSON.stringify({ name: 'host', ...options }))
    await expectRefused(run, 78, ...said)
  })

  test.each([
    ['an unknown option', { comands: {} }, ['comands', 'did you mean "commands"']],
    [
      'a rule with an unknown key',
      { commands: { add: { lok: 'res' } } },
      ['add', 'lok', 'did you mean "lock"'],
    ],
    ['commands that are none', { commands: ['add'] }, ['commands']],
  ])('%s: the program cannot be built', async (_what, options, said) => {
    const { status, stdout, stderr } = await withOptions(program, JSON.stringify(options)).end()
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
    for (const part of ['TypeError', ...said]) expect(stderr).toContain(part)
  })

  // Object.entries does not return their entries, so the rules would not hold.
  test.each([
    ['a Map', `new Map([['add', { lock: 'res' }]])`],
    ['an object that inherits them', `Object.create({ add: { lock: 'res' } })`],
    ['a Map for a rule', `{ add: new Map([['lock', 'res']]) }`],
  ])('commands that are %s: the program cannot be built', async (_what, commands) => {
    const beforehand = `kit.cliOps({ commands: ${commands} })`
    const { status, stdout, stderr } = await newRun(program, {}, beforehand).end()
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
    expect(stderr).toMatch(/TypeError: commands.* must be an object with its own entries/u)
  })

  test('a second plugin with different options: 78', async () => {
    const twice = program
      .source()
      .replace(/attach\((.*)\)(?=\n|\.command)/u, (text) =>
        text.replace('attach(', 'other(attach(').concat(')'),
      )
    const second = { name: 'host', commands: { add: { lock: 'another' } } }
    const method =
      program.framework === commander
        ? `(program) => kit.cliOps(SECOND)(program) ?? program`
        : `(y) => y.middleware(kit.cliOps(SECOND))`
    const other = `const other = ${method.replace('SECOND', JSON.stringify(second))}\n`
    const run = newRun({ ...program, source: () => other + twice })
    await expectRefused(run, 78, 'cliOps()', '"add"')
  })
})

describe('oclif: a rule in a class', () => {
  const [program] = PROGRAMS.filter(({ framework }) => framework === OCLIF)
  test.each([
    ['has an unknown key', `{ locks: 'res' }`, ['"add"', 'locks', 'did you mean "lock"']],
    ['is none', `'res'`, ['"add"', '"res"']],
  ] as const)('that %s: 78', async (_what, rule, said) => {
    const source = (): string =>
      program!.source().replace('static aliases', `static cliOps = ${rule}\nstatic aliases`)
    const framework = { ...OCLIF, configure: () => ({}) }
    await expectRefused(newRun({ ...program!, framework, source }), 78, ...said)
  })
})

describe.each(PROGRAMS)('$title: an unusable home', (program) => {
  test('is a file: 69', async () => {
    const file = join(mkdtempSync(join(folder, 'file-')), 'home')
    writeFileSync(file, '')
    const run = withOptionsAndEnv(program, { CLI_OPS_HOME: file })
    await expectRefused(run, 69, file)
  })

  test('is below a file: 69', async () => {
    const file = join(mkdtempSync(join(folder, 'file-')), 'file')
    writeFileSync(file, '')
    const run = withOptionsAndEnv(program, { CLI_OPS_HOME: join(file, 'home') })
    await expectRefused(run, 69, file)
  })

  test('is a link to elsewhere: 77', async () => {
    const link = join(mkdtempSync(join(folder, 'link-')), 'home')
    symlinkSync(folder, link)
    await expectRefused(withOptionsAndEnv(program, { CLI_OPS_HOME: link }), 77, link)
  })

  test.for([
    ['may not be entered', 0o000, NOBODY],
    ["is another user's", 0o755, 0],
  ] as const)('%s: 77', async ([, mode, owner], context) => {
    requireTwoUsers(context)
    const home = mkdtempSync(join(folder, 'closed-'))
    chownSync(home, owner, owner)
    chmodSync(home, mode)
    const run = withOptionsAndEnv(program, { CLI_OPS_HOME: home }, asUser(NOBODY))
    chmodSync(folder, 0o755)
    for (const part of [run.cwd, join(run.cwd, '..')]) chmodSync(part, 0o777)
    await expectRefused(run, 77, home)
  })
})

describe.each(IN_CODE)('$title: a user without a home', (program) => {
  test('and without an entry, as in a container that runs with a uid: 78', async (context) => {
    requireTwoUsers(context)
    const withoutHome = ['env', '-u', 'HOME', '-u', 'CLI_OPS_HOME']
    const run = newRun(program, { wrapper: [...asUser(STRANGER), ...withoutHome] })
    chmodSync(folder, 0o755)
    for (const part of [run.cwd, join(run.cwd, '..')]) chmodSync(part, 0o777)
    await expectRefused(run, 78, 'set HOME or CLI_OPS_HOME')
  })
})

describe.each(PROGRAMS)('$title: an engine', (program) => {
  test('that is not running: 69', async () => {
    const url = `ws://127.0.0.1:${await freePort()}`
    const run = withOptionsAndEnv(program, {
      CLI_OPS_URL: url,
      CLI_OPS_TOKEN: 'secret',
      ...PATIENCE,
    })
    await expectRefused(run, 69, '127.0.0.1')
  })

  test("that Node's permission model blocks, since it needs a child process: 77", async () => {
    const nodeOptions = [PERMISSION, '--no-warnings', '--allow-fs-read=*', '--allow-fs-write=*']
    const env = { CLI_OPS_URL: `ws://127.0.0.1:${await freePort()}`, CLI_OPS_TOKEN: 'secret' }
    const run = newRun(program, { env, nodeOptions })
    await expectRefused(run, 77, '--allow-child-process')
  })

  test('that is unknown: 78', async () => {
    const run = withOptionsAndEnv(program, { CLI_OPS_URL: 'nosuch://host' })
    await expectRefused(run, 78, 'nosuch')
  })

  test('whose URL is invalid: 78', async () => {
    await expectRefused(withOptionsAndEnv(program, { CLI_OPS_URL: 'nonsense' }), 78, 'CLI_OPS_URL')
  })
})

/** Runs it with its rule, and other variables. oclif's rule is in the class, since there might be no home to hold it. */
function withOptionsAndEnv(
  program: Program,
  env: Readonly<Record<string, string>>,
  wrapper: readonly string[] = [],
): OneRun {
  if (program.framework !== OCLIF) return newRun(program, { env, wrapper })
  const source = (): string =>
    program.source().replace('static aliases', "static cliOps = { lock: 'res' }\nstatic aliases")
  const framework = { ...OCLIF, configure: () => ({}) }
  return newRun({ ...program, framework, source }, { env, wrapper })
}
