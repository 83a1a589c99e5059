import { createCoordinator } from '@cli-ops/shared-ipc'
import { describe, expect, test } from 'vitest'

import { type AttachedCli, configure, lookInside, runCli, temporaryFolder } from './attached-cli.js'

/** One way in which a command of the program ends. */
export interface Ending {
  readonly title: string
  readonly args: readonly string[]
  readonly send?: NodeJS.Signals
  /** Null if a signal ends it: the event, which another process stores, has none either. */
  readonly exitCode: number | null
  readonly signal?: NodeJS.Signals
}

/** What the suite has to know about one program. */
export interface Attachment {
  readonly cli: AttachedCli
  /** Path of the command that all `endings` run. */
  readonly command: string
  /** Puts the files that the arguments name into a folder. */
  prepare(folder: string): void
  readonly endings: readonly Ending[]
  /** Arguments that run no command. */
  readonly free: readonly (readonly string[])[]
  /** Removes what differs between two runs of the same program. */
  readonly normalize?: (output: string) => string
}

/** What must hold for every program that cannot be edited. */
export function describeAttachment(attachment: Attachment): void {
  const {
    cli,
    command,
    prepare,
    endings,
    free,
    normalize = (output: string) => output,
  } = attachment
  const rule = { commands: { [command]: { lock: 'outside', emits: 'outside:done' } } }

  async function compare(args: readonly string[], home: string, send?: NodeJS.Signals) {
    const results = []
    for (const plugin of [false, true]) {
      const cwd = temporaryFolder()
      prepare(cwd)
      const run = { args, cwd, home, plugin, ...(send === undefined ? {} : { send }) }
      const { exitCode, signal, stdout, stderr } = await runCli(cli, run)
      const output = [stdout, stderr].map((text) =>
        normalize(withoutFrames(text).replaceAll(cwd, '<folder>')),
      )
      results.push({ exitCode, signal, output })
    }
    const [plain, attached] = results
    expect(attached).toEqual(plain)
    return attached
  }

  describe(cli.name, () => {
    test.each(endings)('a command that ends by $title', async (ending) => {
      const home = temporaryFolder()
      configure(home, cli.name, rule)
      const result = await compare(ending.args, home, ending.send)
      expect(result).toMatchObject({ exitCode: ending.exitCode, signal: ending.signal ?? null })

      const { events, instances, locks } = await lookInside(home)
      const { exitCode } = ending
      expect(events.map(({ type }) => type)).toEqual(
        exitCode === 0
          ? ['command:started', 'outside:done', 'command:completed']
          : ['command:started', 'command:failed'],
      )
      expect(events[0]?.data).toMatchObject({ cli: cli.name, command })
      expect(events.at(-1)?.data).toMatchObject({ cli: cli.name, command, exitCode })
      expect({ instances, locks }).toEqual({ instances: [], locks: [] })
    })

    test.each(free.map((args) => ({ args })))('$args costs nothing', async ({ args }) => {
      const home = temporaryFolder()
      configure(home, cli.name, rule)
      await compare(args, home)
      expect(await lookInside(home)).toEqual({ events: [], instances: [], locks: [] })
    })

    test.each([
      { onBusy: 'fail', code: 'LOCK_HELD' },
      { onBusy: 'wait', timeoutMs: 400, code: 'LOCK_TIMEOUT' },
    ])('does not run while its lock is held: $onBusy', async ({ code, ...busy }) => {
      const home = temporaryFolder()
      const cwd = temporaryFolder()
      prepare(cwd)
      const lock = { resource: 'outside', ...busy }
      configure(home, cli.name, { commands: { [command]: { lock } } })
      await using ops = createCoordinator({ name: 'holder', home })
      await using held = await ops.locks.lock('outside')
      const args = endings[0]?.args ?? []
      const { exitCode, stdout, stderr } = await runCli(cli, { args, cwd, home })
      held.assertHeld()
      expect({ exitCode, stdout }).toEqual({ exitCode: 75, stdout: '' })
      expect(stderr).toMatch(
        new RegExp(`^${cli.name}: .*"outside".*held.*by holder.*\\(pid ${process.pid}, .*\\)`, 'm'),
      )
      const { events } = await lookInside(home)
      expect(events.map(({ type }) => type)).toEqual(['command:started', 'command:failed'])
      expect(events[1]?.data).toMatchObject({ exitCode: 75, error: { code } })
    })

    test('waits for its lock and then does all its work', async () => {
      const home = temporaryFolder()
      const cwd = temporaryFolder()
      prepare(cwd)
      configure(home, cli.name, rule)
      await using ops = createCoordinator({ name: 'holder', home })
      const started = ops.events.once('command:started')
      const held = await ops.locks.lock('outside')
      const args = endings[0]?.args ?? []
      const ended = runCli(cli, { args, cwd, home })
      await started
      await held.release()
      const { exitCode, stdout } = await ended
      const plainFolder = temporaryFolder()
      prepare(plainFolder)
      const plain = await runCli(cli, { args, cwd: plainFolder, home, plugin: false })
      expect({ exitCode, stdout: normalize(stdout).replaceAll(cwd, '') }).toEqual({
        exitCode: endings[0]?.exitCode,
        stdout: normalize(plain.stdout).replaceAll(plainFolder, ''),
      })
    })
  })
}

/** Frames of a stack trace below the program's own code can show that its action is wrapped. */
function withoutFrames(text: string): string {
  return text.replaceAll(/^ {4}at .*\n/gmu, '')
}
