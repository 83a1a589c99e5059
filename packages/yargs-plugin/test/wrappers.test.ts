import { describe, expect, test } from 'vitest'

import { withLock } from '../src/with-lock.js'
import { COPIES, YargsProgram } from './yargs-program.js'

describe.each(COPIES)('$title', (copy) => {
  const FORMS = {
    'a handler': `.command('sync', 'sync', {}, withLock(rule, handler))`,
    'a command module': `.command(withLock(rule, { command: 'sync', describe: 'sync', handler }))`,
  }

  describe.each(Object.entries(FORMS))('withLock of %s', (_form, command) => {
    const program = (handler: string): YargsProgram =>
      new YargsProgram(
        copy,
        `const rule = { resource: 'items', onBusy: 'fail' }
        const handler = ${handler}
        yargs(args).scriptName('host').middleware(cliOps())${command}.parseAsync()
          .catch(() => undefined)`,
      )

    test.each([
      ['a synchronous handler', `(argv) => console.log('synced', argv.x)`, 0],
      [
        'an asynchronous one',
        `async (argv) => { await sleep(1); console.log('synced', argv.x) }`,
        0,
      ],
    ])('%s', async (_title, handler, exitCode) => {
      const host = program(handler)
      const run = () => host.run(['sync', '--x', '1'])
      expect(await run()).toEqual({ exitCode, stdout: 'synced 1\n', stderr: '' })
      expect(await host.whileHeld('items', run)).toMatchObject({ exitCode: 75, stdout: '' })
      expect((await host.events()).at(-1)).toBe('command:failed sync 75')
    })

    test('a failing one releases the lock', async () => {
      const host = program(`async () => { throw new Error('broken') }`)
      const { exitCode, stderr } = await host.run(['sync'])
      expect(exitCode).toBe(1)
      expect(stderr).toContain('broken')
      expect(await host.run(['sync'])).toMatchObject({ exitCode: 1 })
    })
  })

  test('emits: only after success, and not if its lock was refused', async () => {
    const host = new YargsProgram(
      copy,
      `const lock = (handler) => withLock({ resource: 'items', onBusy: 'fail' }, handler)
      yargs(args).scriptName('host').middleware(cliOps())
        .command('add', 'add', {}, emits('item:created', lock(async ({ fail }) => {
          if (fail) throw new Error('broken')
          return { id: '1', name: 'one' }
        })))
        .parseAsync().catch(() => undefined)`,
    )
    await host.run(['add'])
    expect(await host.events()).toEqual([
      'command:started add',
      'item:created',
      'command:completed add 0',
    ])
    await host.run(['add', '--fail'])
    await host.whileHeld('items', () => host.run(['add']))
    expect((await host.events()).slice(3)).toEqual([
      'command:started add',
      'command:failed add 1',
      'command:started add',
      'command:failed add 75',
    ])
  })

  test('opsCommand: inspects and leaves no trace', async () => {
    const host = new YargsProgram(
      copy,
      `yargs(args).scriptName('host').middleware(cliOps()).command(opsCommand())
        .demandCommand(1).strict().parseAsync()`,
    )
    const { exitCode, stdout } = await host.whileHeld('items', () =>
      host.run(['ops', 'locks', '--json']),
    )
    expect(exitCode).toBe(0)
    expect(stdout).toContain('"items"')
    expect(await host.run(['ops', 'locks', 'release'])).toMatchObject({ exitCode: 1, stdout: '' })
    expect(await host.events()).toEqual([])
  })
})

test('a wrong lock rule is refused immediately', () => {
  expect(() => withLock('', () => undefined)).toThrow(TypeError)
})
