import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

import { describe, expect, onTestFinished, test } from 'vitest'

import { root } from '../../scripts/workspaces.mjs'
import { HOSTS, type HostResult, startHost } from '../behaviour/run-host.js'
import { hubWith, NATS, POSTGRES, REDIS } from './engines-with-locks.js'
import type { ServerProcess } from './server-process.js'
import { useEngine } from './use-engine.js'

const BIN = join(root, 'packages/cli/dist/main.js')
const LOCK = 'deploy'
const WAITS = `waiting for "${LOCK}"`

const ENGINES = [REDIS, POSTGRES, NATS, hubWith('10s')]

const HOST = HOSTS.find(({ framework }) => framework === 'commander') ?? HOSTS[0]

/** A started program: its output, and how it ends. */
interface Program {
  readonly kill: (signal: NodeJS.Signals) => void
  readonly says: (text: string) => Promise<void>
  readonly ended: Promise<HostResult>
}

describe.each(ENGINES.filter(({ isThere }) => isThere))(
  'runs on $title',
  { timeout: 120_000 },
  (engine) => {
    const suite = useEngine<ServerProcess & { stop(): Promise<void> }>(engine)

    function environment(): Record<string, string> {
      const namespace = `runs-${suite.home.slice(-6)}`
      return {
        ...suite.env,
        CLI_OPS_HOME: suite.home,
        CLI_OPS_NAMESPACE: namespace,
        CLI_OPS_LEASE_MS: '10000',
        HOST_UNTIL: join(suite.home, 'told'),
      }
    }

    const tell = (): void => {
      writeFileSync(join(suite.home, 'told'), '')
    }

    /** Starts a command of a program with the plugin, in an asynchronous or a synchronous host. */
    function command(onBusy: string, ending: string, isSync: boolean): Program {
      if (HOST === undefined) throw new Error('there is no host')
      const running = startHost(HOST, {
        home: suite.home,
        args: ['run', ending],
        options: { commands: { run: { lock: { resource: LOCK, onBusy } } } },
        env: { ...environment(), ...(isSync && { HOST_SYNC: 'on' }) },
      })
      return follow(running.child, running.ended)
    }

    function wrapped(onBusy: string, script: string): Program {
      const args = [BIN, 'run', '--lock', LOCK, '--on-busy', onBusy, '--', 'bash', '-c', script]
      const child = spawn(process.execPath, args, {
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { ...process.env, ...environment(), CI: undefined },
      })
      const said = { stdout: '', stderr: '' }
      for (const name of ['stdout', 'stderr'] as const)
        child[name].setEncoding('utf8').on('data', (text: string) => (said[name] += text))
      const ended = once(child, 'close').then(([exitCode, signal]) => ({
        exitCode: exitCode as number | null,
        signal: signal as NodeJS.Signals | null,
        ...said,
      }))
      return follow(child, ended)
    }

    const BLOCKED = 'process.exit(5) when told, in synchronous code'
    const UNTIL_TOLD = 'echo ready; while ! test -e "$HOST_UNTIL"; do sleep 0.02; done; exit 5'

    describe.each([
      ['a command', () => command('join', 'process.exit(5) when told', false)],
      ['a synchronous command', () => command('join', BLOCKED, true)],
      ['cli-ops run', () => wrapped('join', UNTIL_TOLD)],
      ['a command that knows nothing of joining', () => command('wait', BLOCKED, true)],
      ['cli-ops run that knows nothing of joining', () => wrapped('wait', UNTIL_TOLD)],
    ])('%s', (_what, start) => {
      test('is joined by all kinds', async () => {
        const first = start()
        await first.says('ready')
        const joiners = [
          command('join', 'returns', false),
          command('join', 'returns', true),
          wrapped('join', 'echo ran'),
        ]
        for (const joiner of joiners) await joiner.says(WAITS)
        tell()
        for (const joiner of joiners) {
          const end = await joiner.ended
          expect(end).toMatchObject({ exitCode: 5, stdout: '' })
          expect(end.stderr).toContain('which ended with exit code 5')
        }
        expect(await first.ended).toMatchObject({ exitCode: 5 })
      })

      test('that is killed ends those who have joined it with 1', async () => {
        const first = start()
        await first.says('ready')
        const joiner = command('join', 'returns', false)
        await joiner.says(WAITS)
        first.kill('SIGKILL')
        tell()
        const end = await joiner.ended
        expect(end).toMatchObject({ exitCode: 1, stdout: '' })
        expect(end.stderr).toContain('which ended with an unknown exit code')
      })
    })

    test.each([
      ['a command', () => command('replace', 'SIGTERM', false), { signal: 'SIGTERM' }],
      ['a synchronous command', () => command('replace', BLOCKED, true), { signal: 'SIGTERM' }],
      [
        'a command with a listener of its own',
        () => command('replace', 'SIGTERM with a listener of the host', false),
        { exitCode: 9, stdout: 'ready\nhost cleans up\n' },
      ],
      [
        'the program of cli-ops run',
        () => wrapped('replace', `trap 'echo asked; exit 3' TERM; ${UNTIL_TOLD}`),
        { exitCode: 3, stdout: 'ready\nasked\n' },
      ],
    ])('%s is replaced', async (_what, start, end) => {
      const first = start()
      await first.says('ready')
      const second = await command('replace', 'returns', true).ended
      expect(second).toMatchObject({ exitCode: 0, stdout: 'done\n' })
      expect(await first.ended).toMatchObject(end)
      const third = wrapped('replace', 'echo third')
      expect(await third.ended).toMatchObject({ exitCode: 0, stdout: 'third\n' })
    })

    /** Disconnects the engine, for longer than the interval of a slow poll. */
    async function interrupt(): Promise<void> {
      await suite.server.kill()
      await delay(1_500)
      await suite.server.restart()
    }

    test('that is joined while the engine is away for a while ends those who have joined it', async () => {
      const first = wrapped('join', UNTIL_TOLD)
      await first.says('ready')
      const joiners = [command('join', 'returns', true), wrapped('join', 'echo ran')]
      for (const joiner of joiners) await joiner.says(WAITS)
      await interrupt()
      tell()
      expect(await first.ended).toMatchObject({ exitCode: 5 })
      for (const joiner of joiners)
        expect(await joiner.ended).toMatchObject({ exitCode: 5, stdout: '' })
    })

    test('a command starts when the program that the replaced one waited for has ended, too', async () => {
      const first = command('replace', 'waits for a program', true)
      await first.says('ready')
      const second = await command('replace', 'returns', false).ended
      expect(existsSync(join(suite.home, 'told.program'))).toBe(true)
      expect(second).toMatchObject({ exitCode: 0, stdout: 'done\n' })
      expect(await first.ended).toMatchObject({ signal: 'SIGTERM', stdout: 'ready\n' })
    })

    test('that is replaced while the engine is away for a while gives way', async () => {
      const first = wrapped(
        'replace',
        `trap 'echo asked; while ! test -e "$HOST_UNTIL"; do sleep 0.02; done; exit 3' TERM; ${UNTIL_TOLD}`,
      )
      await first.says('ready')
      const second = command('replace', 'returns', true)
      await first.says('asked')
      await interrupt()
      tell()
      expect(await first.ended).toMatchObject({ exitCode: 3 })
      expect(await second.ended).toMatchObject({ exitCode: 0, stdout: 'done\n' })
    })

    test('a run that does not allow it is not replaced', async () => {
      const first = command('wait', 'process.exit(5) when told', false)
      await first.says('ready')
      for (const second of [command('replace', 'returns', true), wrapped('replace', 'echo ran')]) {
        const end = await second.ended
        expect(end).toMatchObject({ exitCode: 75, stdout: '' })
        expect(end.stderr).toContain('whose rule does not allow replacing it')
      }
      tell()
      expect(await first.ended).toMatchObject({ exitCode: 5 })
    })
  },
)

function follow(child: ReturnType<typeof startHost>['child'], ended: Promise<HostResult>): Program {
  onTestFinished(() => void child.kill('SIGKILL'))
  let said = ''
  const looks = new Set<() => void>()
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (text: string) => {
      said += text
      for (const look of looks) look()
    })
  const says = (text: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        if (!said.includes(text)) return
        looks.delete(look)
        resolve()
      }
      looks.add(look)
      look()
      void ended.then(({ exitCode }) => {
        reject(new Error(`ended with ${exitCode} without ${text}: ${said}`))
      })
    })
  return { kill: (signal) => void child.kill(signal), says, ended }
}
