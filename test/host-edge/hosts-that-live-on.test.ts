import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { createCoordinator } from '@cli-ops/shared-ipc'
import { describe, expect, onTestFinished, test } from 'vitest'

import { namesIn, temporaryHome } from '../../packages/core/test/fixtures/temporary-home.js'
import { HOSTS, type RunningHost, startHost } from '../behaviour/run-host.js'
import { lookInside } from './look-inside.js'
import { type ProgramEnd, type RunningProgram, startProgram } from './run-program.js'

const LOCK = 'deploy'
const JOIN = { resource: LOCK, onBusy: 'join' }
const REPLACE = { resource: LOCK, onBusy: 'replace' }
const LATEST = { resource: LOCK, queue: 'latest' }
const WAITS = /waiting for "deploy"/u

const OTHER = HOSTS.find(({ framework }) => framework === 'commander')!

/** A prompt with input from the test, and what else runs in its home. */
class Prompt {
  readonly home: string
  readonly #program: RunningProgram
  readonly #told: string

  constructor(framework: string, lock: object, { manner = 'async', home = temporaryHome() } = {}) {
    this.home = home
    this.#told = join(home, 'told')
    const names = ['stay', 'exits', ...quickIn(framework), ...failuresIn(framework)]
    const commands = Object.fromEntries(names.map((name) => [name, { lock }]))
    const file = fileURLToPath(new URL(`prompts/${framework}.mjs`, import.meta.url))
    this.#program = startProgram(file, [], {
      cwd: home,
      isTyped: true,
      env: {
        CLI_OPS_HOME: home,
        PROMPT_MANNER: manner,
        PROMPT_UNTIL: this.#told,
        PROMPT_OPTIONS: JSON.stringify({ name: 'host', commands }),
      },
    })
    onTestFinished(() => void this.#program.child.kill('SIGKILL'))
  }

  get pid(): number {
    return this.#program.child.pid!
  }

  type(line: string): void {
    this.#program.child.stdin!.write(`${line}\n`)
  }

  says(wanted: RegExp): Promise<void> {
    return this.#program.says(wanted)
  }

  /** Ends what stays until it is told. */
  tell(): void {
    writeFileSync(this.#told, '')
  }

  /** Ends it by closing its input, and returns its stdout. */
  async bye(): Promise<string[]> {
    this.#program.child.stdin!.end()
    const { status, stdout } = await this.#program.ended
    expect({ status, last: stdout.split('\n').at(-2) }).toEqual({ status: 0, last: 'bye' })
    return stdout.split('\n').slice(0, -2)
  }

  ended(): Promise<ProgramEnd> {
    return this.#program.ended
  }

  /** Starts a command of another process. */
  other(ending: string, lock: object): RunningHost {
    const running = startHost(OTHER, {
      home: this.home,
      args: ['run', ending],
      options: { commands: { run: { lock } } },
      env: { HOST_UNTIL: this.#told },
    })
    onTestFinished(() => void running.child.kill('SIGKILL'))
    return running
  }

  /** Checks that the lock is free, and that nothing says that a run can be replaced. */
  expectNothingHeld(): void {
    const held = namesIn(this.home, 'locks').flatMap((lock) => namesIn(this.home, 'locks', lock))
    expect(held.filter((name) => /^(?:held|sharer)~/u.test(name))).toEqual([])
  }
}

/** Its commands that throw: in their action, in the host's own hook before it, and in a handler that yargs hides from the plugin. */
function failuresIn(framework: string): string[] {
  return ['fail', 'denied', ...(framework === 'yargs' ? ['group fail'] : [])]
}

/** Its commands that only run: also by the default of a group, whose handler yargs hides. */
function quickIn(framework: string): string[] {
  return ['run', ...(framework === 'yargs' ? ['usual'] : [])]
}

describe.each(['commander', 'yargs'])('a prompt on %s', (framework) => {
  describe.each(['async', 'sync'])('%s', (manner) => {
    const open = (lock: object): Prompt => new Prompt(framework, lock, { manner })

    test.each([
      ['process.exit(5) when told', 'RUN_JOINED 5'],
      ['returns when told', 'over'],
    ])('joins one that ends by %s, and lives on', async (ending, said) => {
      const prompt = open(JOIN)
      const first = prompt.other(ending, JOIN)
      await first.ready
      prompt.type('run')
      await prompt.says(WAITS)
      prompt.tell()
      await prompt.says(new RegExp(`^run: ${said}$`, 'mu'))
      prompt.type('list')
      prompt.type('run')
      expect(await prompt.bye()).toEqual([
        `run: ${said}`,
        'listed',
        'list: over',
        'ran',
        'run: over',
      ])
    })

    test('joins one that is killed, and lives on', async () => {
      const prompt = open(JOIN)
      const first = prompt.other('SIGKILL', JOIN)
      await first.ready
      prompt.type('run')
      await prompt.says(WAITS)
      first.child.kill('SIGKILL')
      prompt.type('list')
      expect(await prompt.bye()).toEqual(['run: RUN_JOINED null', 'listed', 'list: over'])
    })

    test('replaces a replaceable run, and nothing later says that the prompt is replaceable', async () => {
      const prompt = open(REPLACE)
      const first = prompt.other('SIGTERM with a listener of the host', REPLACE)
      await first.ready
      prompt.type('run')
      await prompt.says(/^run: over$/mu)
      expect(await first.ended).toMatchObject({ exitCode: 9, stdout: 'ready\nhost cleans up\n' })
      prompt.expectNothingHeld()
      expect(await prompt.other('returns', REPLACE).ended).toMatchObject({ exitCode: 0 })
      expect(await prompt.bye()).toEqual(['ran', 'run: over'])
    })

    test('is refused if the other one may not be replaced, and lives on', async () => {
      const prompt = open(REPLACE)
      const first = prompt.other('process.exit(5) when told', { resource: LOCK })
      await first.ready
      prompt.type('run')
      prompt.type('list')
      await prompt.says(/^list: over$/mu)
      prompt.tell()
      expect(await first.ended).toMatchObject({ exitCode: 5 })
      prompt.expectNothingHeld()
      expect(await prompt.bye()).toEqual(['run: LOCK_HELD', 'listed', 'list: over'])
    })

    test.each(quickIn(framework))('leaves out a command that is skipped: %s', async (command) => {
      const prompt = open({ resource: LOCK, onBusy: 'skip' })
      const first = prompt.other('returns when told', { resource: LOCK })
      await first.ready
      prompt.type(command)
      await prompt.says(new RegExp(`^${command}: (?:over|LOCK_HELD)$`, 'mu'))
      prompt.tell()
      await first.ended
      prompt.type(command)
      await prompt.says(new RegExp(`^${command}: over$`, 'mu'))
      expect((await prompt.bye()).filter((line) => line === 'ran')).toEqual(['ran'])
    })

    test.each(failuresIn(framework))(
      'has no lock after a command that throws: %s',
      async (command) => {
        const prompt = open({ resource: LOCK })
        prompt.type(command)
        await prompt.says(new RegExp(`^${command}: E_HOST$`, 'mu'))
        expect(await prompt.other('returns', { resource: LOCK }).ended).toMatchObject({
          exitCode: 0,
          stdout: 'done\n',
        })
        const { types } = await lookInside(prompt.home)
        expect(types.slice(0, 2)).toEqual(['command:started', 'command:failed'])
        expect(await prompt.bye()).toEqual([`${command}: E_HOST`])
      },
    )

    test('gives way to a newer waiter, and lives on', async () => {
      const prompt = open(LATEST)
      const first = prompt.other('process.exit(5) when told', LATEST)
      await first.ready
      prompt.type('run')
      await prompt.says(WAITS)
      const newer = prompt.other('returns', LATEST)
      await prompt.says(/^run: /mu)
      prompt.tell()
      expect(await newer.ended).toMatchObject({ exitCode: 0, stdout: 'done\n' })
      prompt.type('list')
      expect(await prompt.bye()).toEqual(['run: LOCK_SUPERSEDED', 'listed', 'list: over'])
    })
  })

  test('can be joined: the other one ends as its command does', async () => {
    const prompt = new Prompt(framework, JOIN)
    prompt.type('exits')
    prompt.type('stay')
    await prompt.says(/^stays$/mu)
    const joiner = prompt.other('returns', JOIN)
    await saysOnStderr(joiner, WAITS)
    prompt.tell()
    // The prompt's exit code comes from an earlier command.
    expect(await joiner.ended).toMatchObject({ exitCode: 0, stdout: '' })
    prompt.type('list')
    await prompt.says(/^list: over$/mu)
    const { types } = await lookInside(prompt.home)
    expect(types).toEqual([
      ...['command:started', 'command:failed'],
      ...['command:started', 'command:started', 'command:completed', 'command:completed'],
      ...['command:started', 'command:completed'],
    ])
  })

  test('stores the end of a command when it ends, so that killing the prompt later stores no failure', async () => {
    const prompt = new Prompt(framework, { resource: LOCK })
    prompt.type('run')
    await prompt.says(/^run: over$/mu)
    process.kill(prompt.pid, 'SIGKILL')
    await prompt.ended()
    const { types } = await lookInside(prompt.home)
    expect(types).toEqual(['command:started', 'command:completed'])
  })

  test('two of its own commands: the second joins the first', async () => {
    const prompt = new Prompt(framework, JOIN)
    prompt.type('&stay')
    await prompt.says(/^stays$/mu)
    prompt.type('&run')
    await prompt.says(WAITS)
    prompt.type('list')
    await prompt.says(/^list: over$/mu)
    prompt.tell()
    await prompt.says(/^run: over$/mu)
    const said = await prompt.bye()
    expect(said.toSorted()).toEqual(['list: over', 'listed', 'run: over', 'stay: over', 'stays'])
  })

  test('two of its own commands: the second waits for the first', async () => {
    const prompt = new Prompt(framework, { resource: LOCK })
    prompt.type('&stay')
    await prompt.says(/^stays$/mu)
    prompt.type('&run')
    await prompt.says(WAITS)
    prompt.tell()
    await prompt.says(/^run: over$/mu)
    expect((await prompt.bye()).toSorted()).toEqual(['ran', 'run: over', 'stay: over', 'stays'])
  })

  test('decides itself when it is asked to end during a replaceable command', async () => {
    const prompt = new Prompt(framework, REPLACE)
    prompt.type('stay')
    await prompt.says(/^stays$/mu)
    const second = prompt.other('returns', REPLACE)
    await prompt.says(/^got SIGTERM$/mu)
    prompt.tell()
    expect(await second.ended).toMatchObject({ exitCode: 0, stdout: 'done\n' })
    prompt.type('list')
    expect(await prompt.bye()).toEqual([
      'stays',
      'got SIGTERM',
      'stay: over',
      'listed',
      'list: over',
    ])
    await using ops = createCoordinator({ name: 'observer', home: prompt.home })
    expect(await ops.locks.list()).toEqual([])
  })
})

/** Resolves when it has said so on stderr. */
function saysOnStderr({ child, ended }: RunningHost, wanted: RegExp): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = ''
    child.stderr?.on('data', (piece: string) => {
      said += piece
      if (wanted.test(said)) resolve()
    })
    void ended.then(() => {
      reject(new Error(`ended without ${String(wanted)}: ${said}`))
    })
  })
}
