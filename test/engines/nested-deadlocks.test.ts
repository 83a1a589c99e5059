import { join } from 'node:path'

import { describe, expect, onTestFinished, test } from 'vitest'

import { root } from '../../scripts/workspaces.mjs'
import { HOSTS, type HostResult, startHost } from '../behaviour/run-host.js'
import { hubWith, NATS, POSTGRES, REDIS } from './engines-with-locks.js'
import { useEngine } from './use-engine.js'

const RUN = `"${process.execPath}" "${join(root, 'packages/cli/dist/main.js')}" run`
const LOCAL = {
  title: 'this machine',
  isThere: true,
  start: async () => Promise.resolve({ server: { stop: async () => Promise.resolve() }, env: {} }),
}
const ENGINES = [LOCAL, REDIS, POSTGRES, NATS, hubWith('10s')]
const HOST = HOSTS.find(({ framework }) => framework === 'commander')!

/** Waits until both outer programs have their locks. */
const INSIDE = (lock: string): string =>
  `touch "$CLI_OPS_HOME/in-${lock}"; while test $(ls "$CLI_OPS_HOME" | grep -c '^in-') -lt 2; do sleep 0.02; done`

describe.each(ENGINES.filter(({ isThere }) => isThere))(
  'commands within commands, on $title',
  { timeout: 120_000 },
  (engine) => {
    const suite = useEngine<{ stop(): Promise<unknown> }>(engine)

    /** Runs a shell script as the action of a command that holds a lock, in an asynchronous or a synchronous host. */
    function start(
      lock: string,
      script: string,
      isSync: boolean,
      rule: object = { lock },
    ): Promise<HostResult> {
      const running = startHost(HOST, {
        home: suite.home,
        args: ['run', 'ends as HOST_PROGRAM does'],
        options: { name: lock, commands: { run: rule } },
        env: {
          ...suite.env,
          CLI_OPS_NAMESPACE: `nested-${suite.home.slice(-6)}`,
          CLI_OPS_LEASE_MS: '10000',
          HOST_PROGRAM: script,
          ...(isSync && { HOST_SYNC: 'on' }),
        },
      })
      onTestFinished(() => void running.child.kill('SIGKILL'))
      return running.ended
    }

    /** A command line that runs the same host's command under another lock. */
    const command = (lock: string, script: string): string =>
      `HOST_OPTIONS='${JSON.stringify({ name: lock, commands: { run: { lock } } })}' HOST_PROGRAM='${script}' ` +
      `"${process.execPath}" "${join(root, 'test/behaviour/hosts', HOST.program)}" run "ends as HOST_PROGRAM does"`
    const run = (lock: string, script: string): string => `${RUN} -l ${lock} -- ${script}`

    async function expectOneVictim(ends: readonly Promise<HostResult>[]): Promise<void> {
      const all = await Promise.all(ends)
      const refused = all.filter(({ exitCode }) => exitCode === 78)
      expect(all.filter(({ exitCode }) => exitCode === 0)).toEqual([
        expect.objectContaining({ stdout: 'ran\n' }),
      ])
      expect(refused).toHaveLength(1)
      expect(refused[0]?.stderr).toMatch(
        /waiting for "[ab]" would never end: .*"[ab]".* held .*by /u,
      )
      expect(refused[0]?.stderr).toMatch(/would never end: .*"a"/u)
      expect(refused[0]?.stderr).toMatch(/would never end: .*"b"/u)
    }

    test('of two runs, one gives up', async () => {
      const outer = (lock: string, next: string): Promise<HostResult> =>
        start(
          `own-${lock}`,
          `${RUN} -l ${lock} -- sh -c '${INSIDE(lock)}; ${run(next, 'echo ran')}'`,
          true,
        )
      await expectOneVictim([outer('a', 'b'), outer('b', 'a')])
    })

    test.each([
      ['two commands', true, command],
      ['two commands of asynchronous hosts', false, command],
      ['two commands that start runs', true, run],
    ])('of %s, one gives up', async (_, isSync, inner) => {
      const outer = (lock: string, next: string): Promise<HostResult> =>
        start(lock, `${INSIDE(lock)}; ${inner(next, 'echo ran')}`, isSync)
      await expectOneVictim([outer('a', 'b'), outer('b', 'a')])
    })

    test('of two runs that join each other, one gives up, and the other ends as it does', async () => {
      const outer = (lock: string, next: string): Promise<HostResult> =>
        start(
          `own-${lock}`,
          `${RUN} -l ${lock} -- sh -c '${INSIDE(lock)}; ${run(`${next} --on-busy join`, 'echo ran')}'`,
          true,
        )
      const ends = await Promise.all([outer('a', 'b'), outer('b', 'a')])
      expect(ends.some(({ stderr }) => stderr.includes('would never end'))).toBe(true)
      expect(ends).toMatchObject([{ exitCode: 78 }, { exitCode: 78 }])
    })

    test.each(['wait', 'join', 'replace'])(
      'a run within a run of the same lock gives up: --on-busy %s',
      async (onBusy) => {
        const lock = `a --on-busy ${onBusy}`
        const { exitCode, stderr } = await start('own', run(lock, run(lock, 'echo ran')), true)
        expect({ exitCode, stderr }).toEqual({
          exitCode: 78,
          stderr: expect.stringContaining('would never end') as unknown,
        })
      },
    )

    test('a run does not replace the command that it is part of, and gives up', async () => {
      const rule = { lock: { resource: 'a', onBusy: 'replace' } }
      const inner = run('a --on-busy replace', 'echo ran')
      const { exitCode, signal, stderr } = await start('own', inner, true, rule)
      expect({ exitCode, signal, stderr }).toEqual({
        exitCode: 78,
        signal: null,
        stderr: expect.stringContaining('would never end') as unknown,
      })
    })

    test('a job of a command that nobody waits for does not give up', async () => {
      const job = `${command('b', 'echo ran')} </dev/null >/dev/null 2>&1 &`
      const ends = await Promise.all([
        start('a', `${INSIDE('a')}; ${job}`, true),
        start('b', `${INSIDE('b')}; ${run('a', 'echo ran')}`, true),
      ])
      expect(ends).toMatchObject([{ exitCode: 0 }, { exitCode: 0 }])
    })

    test('a job that nobody waits for does not give up', async () => {
      const job = `${run('b', 'echo ran')} </dev/null >/dev/null 2>&1 &`
      const outer = (lock: string, then: string): Promise<HostResult> =>
        start(`own-${lock}`, `${RUN} -l ${lock} -- sh -c '${INSIDE(lock)}; ${then}'`, true)
      const ends = await Promise.all([outer('a', job), outer('b', run('a', 'echo ran'))])
      expect(ends).toMatchObject([{ exitCode: 0 }, { exitCode: 0 }])
    })

    test.each([
      ['stale', 'CLI_OPS_LOCK_RESOURCE=a CLI_OPS_LOCK_ID=stale-1'],
      [
        'garbage',
        "CLI_OPS_LOCK_RESOURCE='\\n' CLI_OPS_LOCK_ID='~/../*' CLI_OPS_OUTER_LOCKS='%%&=&\\u001f=a&a'",
      ],
      [
        'of a lock whose owner does not wait',
        'CLI_OPS_LOCK_RESOURCE=a CLI_OPS_LOCK_ID=$(cat "$CLI_OPS_HOME/id")',
      ],
    ])('an id that is %s does not count', async (_, variables) => {
      const holdsA = `echo $CLI_OPS_LOCK_ID >"$CLI_OPS_HOME/id"; ${INSIDE('a')}; while ! test -e "$CLI_OPS_HOME/asks"; do sleep 0.02; done; sleep 5`
      const holdsB = `${INSIDE('b')}; ${run('a', 'true')}`
      const ends = [
        start('own-a', `${RUN} -l a -- sh -c '${holdsA}'`, true),
        start('own-b', `${RUN} -l b -- sh -c '${holdsB}'`, true),
        start(
          'own-c',
          `${INSIDE('c')}; touch "$CLI_OPS_HOME/asks"; ${variables} ${run('b', 'echo ran')}`,
          true,
        ),
      ]
      expect(await Promise.all(ends)).toMatchObject([
        { exitCode: 0 },
        { exitCode: 0 },
        { exitCode: 0, stdout: 'ran\n' },
      ])
    })
  },
)
