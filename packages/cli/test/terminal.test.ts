import { describe, expect, onTestFinished, test } from 'vitest'

import { CliOpsUser } from './fixtures/cli-ops-user.js'
import { noPseudoTerminal, PseudoTerminal } from './fixtures/pseudo-terminal.js'
import { startTeamProcess, TEAM_CLI } from './fixtures/team-process.js'

interface TerminalOptions {
  readonly columns?: number
  readonly rows?: number
}

function on(user: CliOpsUser, args: readonly string[], options?: TerminalOptions): PseudoTerminal {
  return new PseudoTerminal(['cli-ops', ...args], user.env, options)
}

describe.skipIf(noPseudoTerminal !== undefined)('on a terminal', () => {
  test.each([40, 60, 80])('status and top --once fit %i columns', async (columns) => {
    const user = new CliOpsUser()
    const program = ['sh', '-c', 'echo begun; kill -STOP $$']
    const holder = user.start('run', '-l', 'production', '--label', 'the website', '--', ...program)
    await holder.says('begun')
    const waiter = user.start('run', '-l', 'production', '--', 'true')
    await waiter.says('stopped')
    const [{ owner }] = await user.json<[{ owner: { pid: number } }]>('locks')
    onTestFinished(() => void process.kill(owner.pid, 'SIGKILL'))
    for (const args of [['status'], ['top', '--once']]) {
      // A line that does not fit would break on a screen of that width.
      const shell = ['sh', '-c', `stty cols ${columns}; exec cli-ops "$@"`, '-', ...args]
      const terminal = new PseudoTerminal(shell, user.env, { columns: 400, rows: 80 })
      expect(await terminal.ended).toBe(0)
      const lines = terminal.screen.split('\n')
      expect(lines.filter((line) => line.length > columns)).toEqual([])
      expect(lines.join(' ')).toMatch(/is\s+held\s+by .* 1\s+waits\s+for\s+it/u)
    }
  })

  describe('run', () => {
    test('gives the program the terminal', async () => {
      const program = ['sh', '-c', 'test -t 0 && test -t 1 && test -t 2 && stty size']
      const terminal = on(new CliOpsUser(), ['run', '-l', 'db', '--', ...program])
      await terminal.shows('24 100')
      expect(await terminal.ended).toBe(0)
    })

    test('Ctrl-C reaches it once, and it decides', async () => {
      const script = `n=0; trap 'n=$((n + 1)); echo "got $n"' INT; trap 'echo "in all $n"; exit 5' USR1
echo "pid=$$"; while :; do sleep 0.01; done`
      const user = new CliOpsUser()
      const terminal = on(user, ['run', '-l', 'db', '--', 'bash', '-c', script])
      await terminal.shows(/pid=\d+/u)
      terminal.keys('\u0003')
      await terminal.shows('got 1')
      process.kill(Number(/pid=(\d+)/u.exec(terminal.screen)?.[1]), 'SIGUSR1')
      await terminal.shows('in all 1')
      expect(await terminal.ended).toBe(5)
    })

    test('Ctrl-C ends it if it does not listen, and cli-ops in the same way', async () => {
      const user = new CliOpsUser()
      const terminal = on(user, ['run', '-l', 'db', '--', 'sh', '-c', 'echo begun; sleep 60'])
      await terminal.shows('begun')
      terminal.keys('\u0003')
      expect(await terminal.ended).toBe(130)
      expect(await user.json('locks')).toEqual([])
    })

    test('Ctrl-Z suspends both, and fg resumes both', async () => {
      const user = new CliOpsUser()
      const shell = new PseudoTerminal(['bash', '--norc', '--noprofile', '-i'], user.env)
      await shell.shows(/^bash\S*[#$]/mu)
      shell.keys("cli-ops run -l db -- bash -c 'echo be''gun; read -r line; echo \"told $line\"'\n")
      await shell.shows(/^begun$/mu)
      shell.keys('\u001a')
      await shell.shows(/Stopped/u)
      const [{ owner }] = await user.json<[{ owner: { state: string } }]>('locks')
      expect(owner.state).toBe('stopped')
      shell.keys('fg\n')
      await shell.shows(/fg\n/u)
      shell.keys('on\n')
      await shell.shows('told on')
      shell.keys('echo "code=$?"; exit\n')
      await shell.shows('code=0')
      await shell.ended
    })

    test('shows a wait as one line that is updated and then removed', async () => {
      const user = new CliOpsUser()
      const ops = user.coordinator('cli-beta')
      const lock = await ops.locks.lock('db')
      const first = ops.locks.lock('db')
      const terminal = on(user, ['run', '-l', 'db', '--', 'echo', 'begun'], { columns: 200 })
      await terminal.shows(
        /^cli-ops: waiting for "db", 2nd in line,.* held for .* by cli-beta \(pid \d+, /mu,
      )
      await terminal.shows(/waiting for "db", 2nd in line, [12] s, held for/u)
      await lock.release()
      await terminal.shows(/waiting for "db", 1st in line, \d+ s, held for .* by cli-beta /u)
      expect(terminal.lines.filter((line) => line.includes('waiting for'))).toHaveLength(1)
      await (await first).release()
      await terminal.shows('begun')
      expect(await terminal.ended).toBe(0)
      expect(terminal.screen).not.toContain('waiting')
    })

    test.each(['cli-ops', 'a CLI with the plugin'])(
      'a wait of %s shows who left the queue, and that the holder is stopped',
      async (who) => {
        const user = new CliOpsUser()
        const holder = startTeamProcess(user.env, 'cli-api', 'deploy', '--lock', 'db')
        await holder.begun
        const over = new AbortController()
        const first = user.coordinator('cli-beta').locks.lock('db', { signal: over.signal })
        const command =
          who === 'cli-ops'
            ? ['cli-ops', 'run', '-l', 'db', '--', 'true']
            : [process.execPath, TEAM_CLI, 'cli-web', 'sync', '--lock', 'db']
        const terminal = new PseudoTerminal(command, user.env, { columns: 200 })
        await terminal.shows(/waiting for "db", 2nd in line,.* held for .* \(pid \d+, [^,]*\)/u)
        holder.child.kill('SIGSTOP')
        over.abort()
        await expect(first).rejects.toThrow()
        await terminal.shows(/waiting for "db", 1st in line, .* \(pid \d+, [^,]*, stopped\)/u)
        terminal.keys('\u0003')
        await terminal.ended
      },
    )

    test.each([40, 60, 80])(
      'fits a wait into %i columns, and names place, time and holder',
      async (columns) => {
        const user = new CliOpsUser()
        const lock = await user.coordinator('cli-beta').locks.lock('a-very-long-name-of-a-resource')
        const size = { columns, rows: 10 }
        const terminal = on(user, ['run', '-l', 'a-very-long-name-of-a-resource', 'true'], size)
        await terminal.shows(/^a-v.*: 1st, 1 s — cli-beta/mu)
        // Once more, after it was overwritten.
        await terminal.shows(/^a-v.*: 1st, 2 s — cli-beta/mu)
        expect(terminal.lines.filter((line) => line !== '')).toHaveLength(1)
        terminal.keys('\u0003')
        expect(await terminal.ended).toBe(130)
        expect(terminal.screen).not.toContain('1st')
        await lock.release()
      },
    )
  })

  test('in CI, whose log records the terminal, prints a wait as lines and erases none', async () => {
    const user = new CliOpsUser()
    // A name like this would open a group in the log.
    const lock = await user.coordinator('cli-beta').locks.lock('##[group]db')
    const env = { ...user.env, CI: 'buildkite' }
    const args = ['run', '-l', '##[group]db', '--wait', '3s', '--', 'true']
    const terminal = new PseudoTerminal(['cli-ops', ...args], env, { columns: 60 })
    expect(await terminal.ended).toBe(75)
    expect(terminal.raw).toMatch(
      /^cli-ops: waiting for "# #\[group\]db",.* held for .* by cli-beta /u,
    )
    expect(terminal.raw.split('waiting for')).toHaveLength(2)
    // Nor in the line that says why it gave up.
    expect(terminal.raw).not.toContain('##[')
    expect(terminal.raw).not.toContain('\u001b')
    await lock.release()
  })

  test('colours status, locks and doctor unless colours are disabled', async () => {
    const user = new CliOpsUser()
    await user.coordinator().locks.lock('db')
    const plain = { ...user.env, NO_COLOR: undefined }
    const coloured = new PseudoTerminal(['cli-ops', 'doctor'], plain)
    expect(await coloured.ended).toBe(0)
    expect(coloured.raw).toContain('\u001b[32mok')
    for (const [args, env] of [
      [['doctor', '--no-color'], plain],
      [['locks', '--no-color'], plain],
      [['status'], { ...plain, NO_COLOR: '1' }],
    ] as const) {
      const terminal = new PseudoTerminal(['cli-ops', ...args], env)
      expect(await terminal.ended).toBe(0)
      expect(terminal.raw).not.toContain('\u001b[3')
      expect(terminal.raw).not.toContain('\u001b[1m')
    }
  })

  test('shows a table that is too wide as blocks', async () => {
    const user = new CliOpsUser()
    await user.coordinator().locks.lock('db')
    const narrow = on(user, ['locks'], { columns: 40 })
    await narrow.ended
    expect(narrow.screen).toMatch(/^RESOURCE +db$/mu)
    expect(narrow.screen).toMatch(/^ID +\S+$/mu)
  })
})

test('in a log, prints a line for a wait now and then, without cursor movement', async () => {
  const user = new CliOpsUser()
  const lock = await user.coordinator('cli-beta').locks.lock('db')
  const waiting = user.start('run', '-l', 'db', '--wait', '7s', '--', 'true')
  const { status, stderr } = await waiting.ended
  expect(status).toBe(75)
  const lines = stderr.split('\n').filter((line) => line.includes('waiting for "db"'))
  expect(lines).toHaveLength(2)
  expect(lines[0]).toMatch(/^cli-ops: waiting for "db", held for .* by cli-beta .*\)$/u)
  expect(lines[1]).toMatch(
    /^cli-ops: waiting for "db", 1st in line, 5 s, held for .* by cli-beta .*\)$/u,
  )
  for (const mover of ['\r', '\u001b']) expect(stderr).not.toContain(mover)
  await lock.release()
})
