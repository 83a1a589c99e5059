import { mkdtempSync, realpathSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { type Coordinator, createCoordinator } from '@cli-ops/shared-ipc'
import { afterAll, describe, expect, onTestFinished, test } from 'vitest'

import {
  noPseudoTerminal,
  PseudoTerminal,
} from '../../packages/cli/test/fixtures/pseudo-terminal.js'
import { lookInside } from './look-inside.js'
import { RESOURCE } from './shape.js'
import { type OneRun, ShapeProgram } from './shape-program.js'
import { STAYING_HOSTS, type StayingHost, stayingShape } from './shapes/staying.js'
import { removeFolder } from '../../packages/core/test/fixtures/remove-folder.mjs'

const CTRL_C = '\u0003'
const CTRL_Z = '\u001a'
const WAITING = 'waiting for "res"'

const WAYS = [
  'in spawnSync()',
  'in a loop',
  'in a wait',
  'with a listener that cleans up',
  'with a listener that exits at once',
  'with signal-exit 3',
  'with signal-exit 4',
]

/** How a program ended, and all its output. */
interface SignalEnd {
  readonly by: number | string
  readonly output: string
}

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'cli-ops-')))
afterAll(() => {
  removeFolder(folder)
})

function newRun(
  host: StayingHost,
  way: string,
  hasPlugin = true,
  nodeOptions: readonly string[] = [],
): OneRun {
  const program = new ShapeProgram(host.framework, stayingShape(host, way), folder)
  return program.newRun({ hasPlugin, nodeOptions })
}

async function atTerminal(run: OneRun): Promise<PseudoTerminal> {
  const { file, args, env } = await run.commandLine()
  return new PseudoTerminal([process.execPath, file, ...args], {
    PATH: process.env['PATH'],
    HOME: run.home,
    LC_ALL: 'C',
    NO_COLOR: '1',
    ...env,
  })
}

/** Does what a person at a terminal does to a host that stays, and returns how it ends. */
async function interrupted(run: OneRun, when: string): Promise<SignalEnd> {
  const terminal = await atTerminal(run)
  await terminal.shows(when)
  terminal.keys(CTRL_C)
  return { by: await terminal.endedBy, output: terminal.raw }
}

async function terminated(
  run: OneRun,
  when: RegExp,
  signal: NodeJS.Signals = 'SIGTERM',
): Promise<SignalEnd> {
  const { child, says, ended } = await run.start()
  await says(when)
  child.kill(signal)
  const { status, stdout, stderr } = await ended
  return { by: status, output: stdout + stderr }
}

function observer(home: string): Coordinator {
  const ops = createCoordinator({ name: 'holder', home })
  onTestFinished(() => ops.close())
  return ops
}

/**
 * Checks that the registry does not show a host that has ended, its lock is free immediately, and the log says once how
 * it ended.
 */
async function expectNothingLeft(home: string, end: SignalEnd): Promise<void> {
  const ops = observer(home)
  const lock = await ops.locks.tryLock(RESOURCE)
  expect(lock).not.toBeNull()
  await lock?.release()
  // The first process to notice stores what the host could not report.
  expect(await lookInside(home)).toMatchObject({ instances: [], locks: [] })
  const { types, last } = await lookInside(home)
  expect(types).toEqual(['command:started', 'command:failed'])
  expect(last).toMatchObject({
    cli: 'host',
    command: 'stay',
    exitCode: typeof end.by === 'number' ? end.by : null,
  })
}

describe.each(STAYING_HOSTS)('$title', (host) => {
  describe.each(WAYS)('%s', (way) => {
    test.skipIf(noPseudoTerminal !== undefined)(
      'Ctrl-C at a terminal has the same effect as without the plugin',
      async () => {
        const run = newRun(host, way)
        const [plain, end] = await Promise.all(
          [newRun(host, way, false), run].map((one) => interrupted(one, 'ready')),
        )
        expect(plain?.output).not.toContain('went on')
        expect(end).toEqual(plain)
        await expectNothingLeft(run.home, end!)
      },
    )

    test('SIGTERM has the same effect as without the plugin', async () => {
      const run = newRun(host, way)
      const [plain, end] = await Promise.all(
        [newRun(host, way, false), run].map((one) => terminated(one, /ready/u)),
      )
      expect(plain?.output).not.toContain('went on')
      expect(end).toEqual(plain)
      await expectNothingLeft(run.home, end!)
    })
  })

  describe('while it waits for its lock', () => {
    /** Sends a signal once it waits; the holder keeps the lock. */
    async function whileItWaits(run: OneRun, send: () => Promise<SignalEnd>): Promise<SignalEnd> {
      const ops = observer(run.home)
      await using lock = await ops.locks.lock(RESOURCE)
      const end = await send()
      lock.assertHeld()
      expect((await ops.locks.inspect(RESOURCE))?.waiters).toEqual([])
      expect(end.output).not.toContain('ready')
      return end
    }

    test.skipIf(noPseudoTerminal !== undefined)('Ctrl-C ends it', async () => {
      const run = newRun(host, 'in a wait')
      const end = await whileItWaits(run, () => interrupted(run, WAITING))
      expect(end.by).toBe('SIGINT')
      await expectNothingLeft(run.home, end)
    })

    test.runIf(host.isSynchronous)(
      'SIGQUIT ends it, though a listener would prevent that',
      async () => {
        const listening = `--import=data:text/javascript,process.on('SIGQUIT',()=>undefined)`
        const run = newRun(host, 'in a wait', true, [listening])
        const send = (): Promise<SignalEnd> => terminated(run, /waiting for "res"/u, 'SIGQUIT')
        expect(await whileItWaits(run, send)).toMatchObject({ by: 'SIGQUIT' })
      },
    )

    test('SIGTERM ends it', async () => {
      const run = newRun(host, 'in a wait')
      const end = await whileItWaits(run, () => terminated(run, /waiting for "res"/u))
      expect(end.by).toBe('SIGTERM')
      await expectNothingLeft(run.home, end)
    })

    test.skipIf(noPseudoTerminal !== undefined)(
      'Ctrl-C calls a listener that exits immediately',
      async () => {
        const run = newRun(host, 'with a listener that exits at once')
        const end = await whileItWaits(run, () => interrupted(run, WAITING))
        expect(end).toMatchObject({
          by: 130,
          output: expect.stringMatching(/\^Ccleaned up SIGINT\r\n/u) as unknown,
        })
        await expectNothingLeft(run.home, end)
      },
    )

    test.skipIf(noPseudoTerminal !== undefined)(
      'Ctrl-C calls a listener that cleans up, which a blocked host does not wait for',
      async () => {
        const run = newRun(host, 'with a listener that cleans up')
        const end = await whileItWaits(run, () => interrupted(run, WAITING))
        expect(end.output).toMatch(/\^Ccleaning up SIGINT\r\n/u)
        // The rest of the listener's work would come after the command, which is no longer wanted.
        expect(end.by).toBe(host.isSynchronous ? 'SIGINT' : 130)
        expect(end.output.includes('cleaned up')).toBe(!host.isSynchronous)
        await expectNothingLeft(run.home, end)
      },
    )

    test.skipIf(noPseudoTerminal !== undefined)(
      'Ctrl-Z stops it, and it has its lock when it continues',
      async () => {
        const run = newRun(host, 'with a listener that exits at once')
        const ops = observer(run.home)
        const lock = await ops.locks.lock(RESOURCE)
        const { file, args, env } = await run.commandLine()
        const shell = new PseudoTerminal(['bash', '--norc', '--noprofile', '-i'], {
          PATH: process.env['PATH'],
          HOME: run.home,
          LC_ALL: 'C',
          PS1: '$ ',
          ...env,
        })
        const words = [process.execPath, file, ...args].map((word) => `'${word}'`)
        shell.keys(`${words.join(' ')}\n`)
        await shell.shows(WAITING)
        shell.keys(CTRL_Z)
        await shell.shows('Stopped')
        const { waiters } = (await ops.locks.inspect(RESOURCE))!
        expect(waiters).toMatchObject([{ name: 'host', state: 'stopped' }])
        await lock.release()
        shell.keys('fg\n')
        await shell.shows(/^ready$/mu)
        expect(await ops.locks.inspect(RESOURCE)).toMatchObject({ owner: { pid: waiters[0]?.pid } })
        shell.keys(CTRL_C)
        await shell.shows('cleaned up SIGINT')
        shell.keys('exit 7\n')
        expect(await shell.endedBy).toBe(7)
        await expectNothingLeft(run.home, { by: 130, output: '' })
      },
    )
  })
})
