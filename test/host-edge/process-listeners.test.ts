import { existsSync, mkdtempSync, readFileSync, realpathSync } from 'node:fs'
import { constants, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'

import { HubServer } from '../engines/hub-server.js'
import type { Framework, Shape } from './shape.js'
import { type OneRun, ShapeProgram } from './shape-program.js'
import { commanderFramework } from './shapes/commander-framework.js'
import { OCLIF } from './shapes/oclif-framework.js'
import { STAYING_HOSTS, stayingShape } from './shapes/staying.js'
import { yargsFramework } from './shapes/yargs-framework.js'
import { removeFolder } from '../../packages/core/test/fixtures/remove-folder.mjs'

const RECORDER = fileURLToPath(new URL('record-listeners.mjs', import.meta.url))
/** The kit's location: nothing from there may listen. */
const KIT = fileURLToPath(new URL('../../packages/', import.meta.url))

/** By signal(7), their default action is to do nothing or to continue a process. All others end or stop it. */
const HARMLESS: readonly string[] = ['SIGCHLD', 'SIGCONT', 'SIGURG', 'SIGWINCH']
const FORBIDDEN: ReadonlySet<string> = new Set([
  ...Object.keys(constants.signals).filter((signal) => !HARMLESS.includes(signal)),
  'uncaughtException',
  'unhandledRejection',
  // A listener for rejections or for the end of the loop can change what the process would do.
  'rejectionHandled',
  'multipleResolves',
])

/** A call that added a listener to the process. */
interface AddedListener {
  readonly name: string
  readonly stack: string
}

/** A program, how it takes its lock, and what it is written with. */
interface Listening {
  readonly title: string
  readonly framework: Framework
  /** The program; `$` surrounds its handler. */
  readonly source: string
}

const PROGRAMS: readonly Listening[] = [
  {
    title: 'commander, parse()',
    framework: commanderFramework('commander', 'commander', true),
    source: `const program = attach(new Command('host'))
    program.command('add').action($(() => console.log('added')))
    program.parse()`,
  },
  {
    title: 'commander, parseAsync()',
    framework: commanderFramework('commander', 'commander', true),
    source: `const program = attach(new Command('host'))
    program.command('add').action($(async () => console.log('added')))
    await program.parseAsync()`,
  },
  {
    title: 'yargs, parse()',
    framework: yargsFramework('yargs', 'yargs', true),
    source: `attach(yargs(args)).command('add', 'adds', {}, $(() => console.log('added'))).parse()`,
  },
  {
    title: 'yargs, parseAsync()',
    framework: yargsFramework('yargs', 'yargs', true),
    source: `await attach(yargs(args)).command('add', 'adds', {}, $(async () => console.log('added')))
      .parseAsync()`,
  },
  {
    title: 'oclif',
    framework: OCLIF,
    source: `class Add extends Command {
      async run() { console.log('added') }
    }
    export const COMMANDS = { add: $(Add) }`,
  },
]

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'cli-ops-')))
afterAll(() => {
  removeFolder(folder)
})

function record(
  framework: Framework,
  shape: Shape,
  settings: Partial<Parameters<ShapeProgram['newRun']>[0]> = {},
): { readonly run: OneRun; listeners(): AddedListener[] } {
  const file = join(mkdtempSync(join(folder, 'record-')), 'listeners')
  const run = new ShapeProgram(framework, shape, folder).newRun({
    hasPlugin: true,
    ...settings,
    nodeOptions: ['--require', RECORDER, ...(settings.nodeOptions ?? [])],
    env: { ...settings.env, RECORD: file },
  })
  const listeners = (): AddedListener[] =>
    existsSync(file)
      ? readFileSync(file, 'utf8')
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line) as AddedListener)
      : []
  return { run, listeners }
}

function forbidden(listeners: readonly AddedListener[]): AddedListener[] {
  return listeners.filter(({ name, stack }) => FORBIDDEN.has(name) && stack.includes(KIT))
}

test('a listener added in any way is seen', async () => {
  const [host] = STAYING_HOSTS
  const shape = stayingShape(host!, 'with a listener that exits at once')
  const { run, listeners } = record(host!.framework, shape)
  const { child, says, ended } = await run.start()
  await says(/ready/u)
  child.kill('SIGTERM')
  await ended
  const signals = listeners().filter(({ name }) => FORBIDDEN.has(name))
  expect(signals.map(({ name }) => name)).toEqual(['SIGINT', 'SIGTERM'])
  expect(signals[0]?.stack).toContain('ways-to-stay.mjs')
  // The kit is seen as well: it observes the end of the process.
  expect(listeners().some(({ stack }) => stack.includes(KIT))).toBe(true)
})

describe.each([{ place: 'on this machine' }, { place: 'on an engine' }])('$place', ({ place }) => {
  let hub: HubServer | undefined
  let env: Record<string, string> = {}
  beforeAll(async () => {
    if (place !== 'on an engine') return
    hub = await HubServer.start()
    env = { CLI_OPS_URL: hub.url, CLI_OPS_TOKEN: hub.secret }
    // The process that holds the lock meanwhile inspects that place, too.
    for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value)
  })
  afterAll(async () => {
    vi.unstubAllEnvs()
    await hub?.stop()
  })

  describe.each(PROGRAMS)('$title', ({ framework, source }) => {
    const plain = source.replace('$(', '(')
    const wrapped = source.replace('$(', 'locked(')
    const base = { title: '', args: ['add'] }

    test.each([
      { what: 'without a lock', shape: { ...base, source: plain, rules: [] } },
      { what: 'with a rule', shape: { ...base, source: plain } },
      { what: 'with withLock()', shape: { ...base, source: wrapped, rules: [] } },
    ])('$what, nothing in the kit listens for what ends a process', async ({ shape }) => {
      const { run, listeners } = record(framework, shape, { env })
      expect(await run.end()).toEqual({ status: 0, stdout: 'added\n', stderr: '' })
      expect(forbidden(listeners())).toEqual([])
    })

    test.each([
      { what: 'with a rule', shape: { ...base, source: plain } },
      { what: 'with withLock()', shape: { ...base, source: wrapped, rules: [] } },
    ])('$what, nothing in the kit listens while it waits', async ({ shape }) => {
      const { run, listeners } = record(framework, shape, { env })
      expect(await run.untilItWaits()).toMatchObject({ status: 0, stdout: 'added\n' })
      expect(forbidden(listeners())).toEqual([])
    })

    test.each(['fail', 'skip'] as const)(
      'refused (%s), nothing in the kit listens',
      async (onBusy) => {
        const { run, listeners } = record(framework, { ...base, source: plain }, { env, onBusy })
        expect(await run.whileHeld()).toMatchObject({
          status: onBusy === 'fail' ? 75 : 0,
          stdout: '',
        })
        expect(forbidden(listeners())).toEqual([])
      },
    )
  })
})

describe('with other ways to load the plugin', () => {
  test.each([
    { plugin: 'commander', program: PROGRAMS[0]! },
    { plugin: 'yargs', program: PROGRAMS[2]! },
  ])('the preload of $plugin', async ({ plugin, program }) => {
    const file = fileURLToPath(
      new URL(`../../packages/${plugin}-plugin/dist/register.cjs`, import.meta.url),
    )
    const shape = {
      title: '',
      args: ['add'],
      source: program.source.replace('$(', '('),
    }
    const { run, listeners } = record(program.framework, shape, {
      hasPlugin: false,
      nodeOptions: ['--require', file],
    })
    expect(await run.end()).toEqual({ status: 0, stdout: 'added\n', stderr: '' })
    expect(listeners().some(({ stack }) => stack.includes(KIT))).toBe(true)
    expect(forbidden(listeners())).toEqual([])
  })

  test.each(['status', 'ps', 'locks', 'doctor'])('the commands of ops: %s', async (command) => {
    const { framework, source } = PROGRAMS[4]!
    const shape = { title: '', args: ['ops', command], source: source.replace('$(', '(') }
    const { run, listeners } = record(framework, shape)
    expect(await run.end()).toMatchObject({ status: 0 })
    expect(forbidden(listeners())).toEqual([])
  })
})
