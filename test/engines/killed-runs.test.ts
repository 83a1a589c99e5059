import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { promisify } from 'node:util'

import { describe, expect, test } from 'vitest'

import { root } from '../../scripts/workspaces.mjs'
import { hubWith, NATS, POSTGRES, REDIS } from './engines-with-locks.js'
import { useEngine } from './use-engine.js'

const BIN = join(root, 'packages/cli/dist/main.js')
const ENGINES = [REDIS, POSTGRES, NATS, hubWith('10s')]

describe.each(ENGINES.filter(({ isThere }) => isThere))(
  'a killed cli-ops run on $title',
  { timeout: 60_000 },
  (engine) => {
    const suite = useEngine<{ stop(): Promise<unknown> }>(engine)

    function environment(): NodeJS.ProcessEnv {
      const lease = { CLI_OPS_LEASE_MS: '10000', CI: undefined }
      return { ...process.env, ...suite.env, CLI_OPS_HOME: suite.home, ...lease }
    }

    /** Resolves with the program's pid once it runs under the lock; the pipes stay open as long as anything of the run is left. */
    async function runUnderLock(
      lock: string,
      ...args: string[]
    ): Promise<readonly [ChildProcess, number]> {
      const program = ['sh', '-c', 'echo $$; while :; do sleep 0.02; done']
      const child = spawn(
        process.execPath,
        [BIN, 'run', '--lock', lock, ...args, '--', ...program],
        {
          stdio: ['ignore', 'pipe', 'pipe'],
          env: environment(),
        },
      )
      child.stderr.resume()
      const [pid] = (await once(child.stdout, 'data')) as [Buffer]
      return [child, Number(pid)]
    }

    async function turnsOf(lock: string): Promise<unknown> {
      const run = promisify(execFile)
      const args = [BIN, 'history', lock, '--json']
      const { stdout } = await run(process.execPath, args, { env: environment() })
      return (JSON.parse(stdout) as { turns: unknown }).turns
    }

    test('is in the history, with its program as the holder', async () => {
      const [child, pid] = await runUnderLock('db', '--label', 'eu')
      child.kill('SIGKILL')
      await once(child, 'close')
      const holder = { name: 'cli-ops', command: 'run sh', pid }
      expect(await turnsOf('db')).toEqual([
        expect.objectContaining({
          outcome: 'killed',
          label: 'eu',
          atMost: true,
          holder: expect.objectContaining(holder) as object,
        }),
      ])
    })

    test('is there once if its program was killed as well', async () => {
      const [child, pid] = await runUnderLock('disk')
      child.kill('SIGKILL')
      process.kill(pid, 'SIGKILL')
      await once(child, 'close')
      expect(await turnsOf('disk')).toMatchObject([{ outcome: 'killed', holder: { pid } }])
    })
  },
)
