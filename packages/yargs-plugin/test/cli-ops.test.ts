import { describe, expect, test } from 'vitest'

import { cliOps } from '../src/cli-ops.js'
import { COPIES, YargsProgram } from './yargs-program.js'

const busy = (resource: string): string => `{ lock: { resource: '${resource}', onBusy: 'fail' } }`

test('refuses a wrong option immediately', () => {
  expect(() => cliOps({ name: '' })).toThrow(TypeError)
  expect(() => cliOps({ unknown: true } as never)).toThrow(/unknown/u)
})

describe.each(COPIES)('$title', (copy) => {
  describe('the key of a rule', () => {
    const program = (rules: string): YargsProgram =>
      new YargsProgram(
        copy,
        `yargs(args).scriptName('host')
          .command('task', 'tasks', (task) => task
            .command(['add <title>', 'new'], 'add one', {}, () => console.log('added'))
            .demandCommand(1))
          .command(['$0 [file]', 'show'], 'the default', {}, () => console.log('default'))
          .middleware(cliOps({ commands: { ${rules} } }))
          .parseAsync()`,
      )

    test.each([
      [`'task add': ${busy('tasks')}`, ['task', 'add', 'x']],
      [`'task:add': ${busy('tasks')}`, ['task', 'new', 'x']],
      [`'': ${busy('tasks')}`, ['some-file']],
      [`'*': ${busy('tasks')}`, []],
    ])('%s holds for %j', async (rules, args) => {
      const host = program(rules)
      const run = () => host.run(args)
      expect(await host.whileHeld('tasks', run)).toMatchObject({ exitCode: 75, stdout: '' })
      const { exitCode, stderr } = await run()
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
    })
  })

  describe('a rule for a command below another', () => {
    const builders: readonly (readonly [string, string, string])[] = [
      ['a builder', '(items) => items', ''],
      ['an asynchronous builder', 'async (items) => { await sleep(1); return items', '}'],
    ]
    const program = (
      key: string,
      [, head, tail]: readonly [string, string, string],
    ): YargsProgram =>
      new YargsProgram(
        copy,
        `yargs(args).scriptName('host')
          .middleware(cliOps({ commands: { '${key}': ${busy('items')} } }))
          .command('list', 'list them', {}, () => console.log('listed'))
          .command('items', 'items', ${head}
            .command(['add <title>', 'new', 'a'], 'add one', { force: {} }, () => console.log('added'))
            .command('remove', 'remove one', {}, (argv) => console.log('removed'))
            .command('trace', false, {}, () => console.log('traced'))
            .demandCommand(1)${tail}, () => {})
          .parseAsync()`,
      )

    test.each(builders)(
      '%s: its name holds, and an alias if the command is called by it',
      async (title, head, tail) => {
        for (const [key, typed] of [
          ['items add', 'a'],
          ['items:new', 'new'],
        ] as const) {
          const host = program(key, [title, head, tail])
          const run = () => host.run(['items', typed, 'x'])
          expect(await host.whileHeld('items', run)).toMatchObject({ exitCode: 75, stdout: '' })
        }
      },
    )

    test('another command beside it, even one hidden from help, refuses nothing', async () => {
      for (const key of ['items add', 'items trace']) {
        const host = program(key, ['', '(items) => items', ''])
        expect(await host.run(['items', 'remove'])).toMatchObject({ exitCode: 0, stderr: '' })
        expect(await host.run(['items', 'trace'])).toMatchObject({ exitCode: 0, stderr: '' })
      }
    })

    test('whose builder has options only names no command', async () => {
      const host = program('list ad', ['', '(items) => items', ''])
      const { exitCode, stderr } = await host.run(['list'])
      expect({ exitCode, stderr }).toMatchObject({ exitCode: 78 })
      expect(stderr).toContain('commands["list ad"] must name a command of host')
    })
  })

  test('a synchronous parse stays synchronous', async () => {
    const host = new YargsProgram(
      copy,
      `const argv = yargs(args).middleware(cliOps({ commands: { run: { lock: 'items' } } }))
        .command('run', 'run', {}, () => console.log('handler'))
        .parse()
      console.log('after', argv._[0])`,
    )
    expect(await host.run(['run'])).toEqual({
      exitCode: 0,
      stdout: 'handler\nafter run\n',
      stderr: '',
    })
  })

  test('a program without handlers has its lock when .argv returns', async () => {
    const host = new YargsProgram(
      copy,
      `const { verbose } = yargs(args).scriptName('host').boolean('verbose')
        .middleware(cliOps({ commands: { '': { lock: 'items' } } })).argv
      console.log('verbose', verbose)`,
    )
    const { exitCode, stdout } = await host.holdUntilStarted('items', () => host.run(['--verbose']))
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: 'verbose true\n' })
    const refused = await host.whileHeld('items', () =>
      host.run(['--verbose'], { CLI_OPS_LOCK_TIMEOUT_MS: '300' }),
    )
    expect(refused).toMatchObject({ exitCode: 75, stdout: '' })
    expect(refused.stderr).toMatch(/^host: waiting for "items",.* held for .* by holder/mu)
    expect(await host.events()).toEqual([
      'command:started',
      'command:completed 0',
      'command:started',
      'command:failed 75',
    ])
  })

  test('a parser that is built twice begins its command once', async () => {
    const host = new YargsProgram(
      copy,
      `const build = (handler) => yargs([]).command('report', 'report', {}, handler)
        .middleware(cliOps({ commands: { report: { lock: 'coverage' } } }))
      const argv = build(undefined).parse(['report'])
      if (argv._[0] === 'report') await_(build(async () => { await sleep(1); console.log('done') }))
      function await_(parser) { return parser.parse(args) }`,
    )
    expect(await host.run(['report', '--x'])).toEqual({ exitCode: 0, stdout: 'done\n', stderr: '' })
    expect(await host.events()).toEqual(['command:started report', 'command:completed report 0'])
  })

  test('concurrent commands of one process do not share a lock', async () => {
    const host = new YargsProgram(
      copy,
      `let inside = 0
      const run = () => yargs(['add']).middleware(cliOps({ commands: { add: { lock: 'items' } } }))
        .command('add', 'add', {}, async () => {
          inside += 1
          if (inside > 1) console.log('two at once')
          await sleep(200)
          inside -= 1
        }).parseAsync()
      const first = run()
      first.then(() => run()).then(() => console.log('end'))`,
    )
    expect(await host.run([])).toEqual({ exitCode: 0, stdout: 'end\n', stderr: '' })
    const both = new YargsProgram(
      copy,
      `let inside = 0
      const run = () => yargs(['add']).scriptName('host')
        .middleware(cliOps({ commands: { add: ${busy('items')} } }))
        .command('add', 'add', {}, async () => {
          console.log('inside', inside += 1)
          await sleep(200)
        }).parseAsync()
      run()
      run()`,
    )
    // The second one may not wait, so the process ends there: there are never two inside.
    expect(await both.run([])).toMatchObject({ exitCode: 75, stdout: 'inside 1\n' })
  })

  test("leaves the host's own .fail() alone", async () => {
    const source = (plugin: string): string =>
      `yargs(args).scriptName('host')${plugin}
        .command('run', 'run', {}, async () => { throw new TypeError('broken') })
        .demandCommand(1)
        .fail((message, error) => {
          console.error('host says:', message ?? error.message)
          process.exit(7)
        })
        .parseAsync().catch(() => undefined)`
    const plain = new YargsProgram(copy, source(''))
    const host = new YargsProgram(copy, source('.middleware(cliOps())'))
    for (const args of [['run'], []]) expect(await host.run(args)).toEqual(await plain.run(args))
    expect(await host.events()).toEqual(['command:started run', 'command:failed run 7'])
  })

  test('help in a program that yargs may not end is not a command', async () => {
    const host = new YargsProgram(
      copy,
      `yargs(args).scriptName('host').exitProcess(false).middleware(cliOps())
        .command('run', 'run', {}, () => undefined).parse()`,
    )
    expect(await host.run(['--help'])).toMatchObject({ exitCode: 0 })
    expect(await host.run(['--version'])).toMatchObject({ exitCode: 0 })
    expect(await host.events()).toEqual([])
  })
})

test('commandDir: finds the commands of a folder, whose modules can be wrapped', async () => {
  const host = new YargsProgram(
    { title: '', isCommonJs: true, specifier: 'yargs-17/yargs' },
    `yargs(args, undefined, require).scriptName('host').middleware(cliOps())
      .commandDir('commands').demandCommand(1).parseAsync()`,
  )
  host.write(
    'commands/sync.cjs',
    `const { withLock } = require('@cli-ops/yargs-plugin')
    module.exports = withLock({ resource: 'items', onBusy: 'fail' }, {
      command: 'sync', describe: 'synchronise', handler: async () => console.log('synchronised'),
    })`,
  )
  const text = 'commands/sync.js'
  host.write(text, `module.exports = require('./sync.cjs')`)
  host.write('package.json', '{}')
  expect(await host.run(['sync'])).toEqual({ exitCode: 0, stdout: 'synchronised\n', stderr: '' })
  const refused = await host.whileHeld('items', () => host.run(['sync']))
  expect(refused).toMatchObject({ exitCode: 75, stdout: '' })
})
