import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import type { LockInfo } from '@cli-ops/shared-ipc'
import { describe, expect, test } from 'vitest'

import { CliOpsUser } from './fixtures/cli-ops-user.js'

/** A program that prints its pid and runs until it is told to end. */
const UNTIL_TOLD = ['bash', '-c', 'echo "pid=$$"; read -r line; echo "told $line"']

async function pidIn(program: { says(text: string): Promise<void>; stdout(): string }) {
  await program.says('pid=')
  return Number(/pid=(\d+)/u.exec(program.stdout())?.[1])
}

describe('the program', () => {
  test('gets stdin, stdout and stderr, and its exit code is passed on', async () => {
    const user = new CliOpsUser()
    const running = user.start(
      'run',
      '--lock',
      'db',
      '--',
      'bash',
      '-c',
      'cat; echo bad >&2; exit 7',
    )
    running.child.stdin.end('in\n')
    expect(await running.ended).toEqual({ status: 7, stdout: 'in\n', stderr: 'bad\n' })
    expect(await user.json('locks')).toEqual([])
  })

  test('needs no "--", and keeps options that look like cli-ops’ own', async () => {
    const { stdout, status } = await new CliOpsUser().run(
      ...['run', '-l', 'db', 'printf', '%s,', '--lock', '--help', '-n', '--', 'a b', ''],
    )
    expect({ stdout, status }).toEqual({ stdout: '--lock,--help,-n,--,a b,,', status: 0 })
  })

  test('finds resource, id and a rising token in its environment', async () => {
    const user = new CliOpsUser()
    const script =
      'echo "$CLI_OPS_LOCK_RESOURCE $CLI_OPS_LOCK_ID $CLI_OPS_LOCK_TOKEN"; cli-ops locks --json'
    const facts = []
    for (let round = 0; round < 2; round += 1) {
      const { stdout } = await user.run('run', '--lock', 'my db', '--', 'bash', '-c', script)
      const [line = '', json = ''] = stdout.split('\n')
      const [info] = JSON.parse(json) as [{ id: string; token: string }]
      expect(line).toBe(`my db ${info.id} ${info.token}`)
      facts.push(info)
    }
    expect(BigInt(facts[1]!.token)).toBeGreaterThan(BigInt(facts[0]!.token))
    expect(facts[1]!.id).not.toBe(facts[0]!.id)
  })

  test('keeps variables that a shell could not have written', async () => {
    const user = new CliOpsUser({ 'npm.config-x': 'a=b', 'BASH_FUNC_greet%%': '() { echo hi; }' })
    const { stdout } = await user.run('run', '-l', 'db', '--', 'bash', '-c', 'greet; env')
    expect(stdout).toContain('hi\n')
    expect(stdout).toContain('npm.config-x=a=b\n')
  })

  test('keeps the descriptors of a script, and gets none from cli-ops', async () => {
    const user = new CliOpsUser()
    const { stdout } = await user.bash(`
      exec 3>log
      cli-ops run -l db -- bash -c 'echo three >&3; echo /proc/self/fd/*' 7>more
      cat log
      cli-ops run -l db -- cat <(echo substituted)`).ended
    const [open = '', ...rest] = stdout.split('\n')
    const numbers = open.split(' ').map((path) => Number(path.slice('/proc/self/fd/'.length)))
    // The last one is the list itself; higher numbers belong to the test runner.
    expect(numbers.filter((fd) => fd > 2 && fd < 20).sort((a, b) => a - b)).toEqual([3, 4, 7])
    expect(rest).toEqual(['three', 'substituted', ''])
  })

  test('gets blocking pipes, even if cli-ops had written before', async () => {
    const user = new CliOpsUser()
    const first = user.start('run', '-l', 'db', '--', ...UNTIL_TOLD)
    await first.says('pid=')
    const flags = `import fcntl, os
print([fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_NONBLOCK for fd in (0, 1, 2)])`
    const second = user.bash(`true | cli-ops run -l db -- python3 -c '${flags}' | cat`)
    await second.says('waiting for "db"')
    first.child.stdin.end('go\n')
    expect((await second.ended).stdout).toBe('[0, 0, 0]\n')
  })

  test.each([
    ['TERM', 'SIGTERM'],
    ['INT', 'SIGINT'],
    ['KILL', 'SIGKILL'],
    ['USR1', 138],
    ['PIPE', 141],
  ])('that is ended by SIG%s makes cli-ops end in the same way', async (signal, status) => {
    const user = new CliOpsUser()
    const end = await user.run('run', '-l', 'db', '--', 'bash', '-c', `kill -${signal} $$`)
    expect(end.status).toBe(status)
    expect(await user.json('locks')).toEqual([])
  })

  test.each(['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const)(
    'gets %s that is sent to cli-ops, once, and decides on it itself',
    async (signal) => {
      const script = `trap 'echo got; exit 5' ${signal}; echo "pid=$$"; while :; do sleep 0.01; done`
      const running = new CliOpsUser().start('run', '-l', 'db', '--', 'bash', '-c', script)
      await running.says('pid=')
      running.child.kill(signal)
      const { status, stdout } = await running.ended
      expect(status).toBe(5)
      expect(stdout.match(/got/gu)).toHaveLength(1)
    },
  )

  test.each([
    ['nosuch', 127, 'no such program'],
    // A newcomer's mistakes: a program of this folder without "./", and a whole command line in quotes.
    ['plain', 127, 'no such program in PATH; did you mean "./plain"?'],
    ['echo hi', 127, 'no such program; to run a shell command, use sh -c "…"'],
    ['./plain', 126, 'it is not executable'],
    ['/tmp', 126, 'it is a directory'],
  ])('%s is refused with %i without waiting', async (program, status, reason) => {
    const user = new CliOpsUser()
    writeFileSync(join(user.directory, 'plain'), 'x')
    const lock = await user.coordinator().locks.lock('db')
    expect(await user.run('run', '-l', 'db', '--', program)).toEqual({
      status,
      stdout: '',
      stderr: `cli-ops: cannot run "${program}": ${reason}\n`,
    })
    await lock.release()
  })

  test('is refused without waiting if Node may not start programs', async () => {
    const user = new CliOpsUser()
    const flag = process.allowedNodeEnvironmentFlags.has('--permission')
      ? '--permission'
      : '--experimental-permission'
    user.env['NODE_OPTIONS'] = `${flag} --allow-fs-read=* --allow-fs-write=* --no-warnings`
    const lock = await user.coordinator().locks.lock('db')
    expect(await user.run('run', '-l', 'db', '--', 'true')).toEqual({
      status: 126,
      stdout: '',
      stderr:
        'cli-ops: cannot run "true": node --permission blocks it; allow it with --allow-child-process\n',
    })
    await lock.release()
  })
})

describe('a busy lock', () => {
  test('is waited for in order of arrival', async () => {
    const user = new CliOpsUser()
    const first = user.start('run', '-l', 'db', '--', ...UNTIL_TOLD)
    await first.says('pid=')
    const second = user.start('run', '-l', 'db', '--', 'echo', 'second')
    await second.says('waiting for "db"')
    first.child.stdin.end('go\n')
    expect((await first.ended).stdout).toContain('told go')
    expect(await second.ended).toMatchObject({ status: 0, stdout: 'second\n' })
  })

  test.each([[['--no-wait']], [['--wait', '50ms']]])('with %j ends with 75', async (wait) => {
    const user = new CliOpsUser()
    const lock = await user.coordinator().locks.lock('db')
    const { status, stdout, stderr } = await user.run(
      'run',
      '-l',
      'db',
      ...wait,
      '--',
      'echo',
      'no',
    )
    expect({ status, stdout }).toEqual({ status: 75, stdout: '' })
    expect(stderr).toMatch(
      /^cli-ops: "db" .*held.* by observer \(pid \d+, .*\)(?: after 50 ms|, for \d+ m?s)\n$/u,
    )
    await lock.release()
  })

  test('with --quiet says nothing about a wait or a skip, but says why it failed', async () => {
    const user = new CliOpsUser()
    const lock = await user.coordinator().locks.lock('db')
    const run = ['run', '-l', 'db', '--quiet']
    const skipped = await user.run(...run, '--on-busy', 'skip', '--', 'true')
    expect(skipped).toEqual({ status: 0, stdout: '', stderr: '' })
    // Longer than a wait that is not quiet stays silent.
    const refused = await user.run(...run, '--wait', '500ms', '--', 'true')
    expect(refused.status).toBe(75)
    expect(refused.stderr).toMatch(/^cli-ops: "db" .* after 500 ms\n$/u)
    await lock.release()
  })

  test('is shared with --shared', async () => {
    const user = new CliOpsUser()
    const lock = await user.coordinator().locks.lock('db', { mode: 'shared' })
    expect((await user.run('run', '-l', 'db', '-n', '--', 'true')).status).toBe(75)
    expect((await user.run('run', '-l', 'db', '-n', '-s', '--', 'true')).status).toBe(0)
    await lock.release()
  })

  test('shows what it is held for, and what others want it for', async () => {
    const user = new CliOpsUser()
    const ops = user.coordinator()
    const lock = await ops.locks.lock('deploy', { label: 'production' })
    const waiting = user.start('run', '-l', 'deploy', '--label', 'staging', '--', 'true')
    await waiting.says('"production" (pid ')
    const [info] = JSON.parse((await user.run('locks', '--json')).stdout) as {
      holders: { id: string; label?: string }[]
      waiting: { label?: string; since: string }[]
    }[]
    expect(info?.holders).toMatchObject([{ id: lock.id, label: 'production' }])
    expect(info?.waiting).toMatchObject([{ label: 'staging' }])
    expect(Date.now() - Date.parse(info?.waiting[0]?.since ?? '')).toBeLessThan(3_600_000)
    const { stdout } = await user.run('locks')
    expect(stdout).toMatch(
      /"production" \(pid .*1\. cli-ops run true "staging" \(pid \d+, .*\), for \d/u,
    )
    const refused = await user.run('run', '-l', 'deploy', '-n', '--', 'true')
    expect(refused.stderr).toContain('"production" (pid ')
    await lock.release()
    expect(await waiting.ended).toMatchObject({ status: 0 })
  })

  test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('%s leaves the queue', async (signal) => {
    const user = new CliOpsUser()
    const ops = user.coordinator()
    const lock = await ops.locks.lock('db')
    const waiting = user.start('run', '-l', 'db', '--', 'echo', 'no')
    await waiting.says('waiting for "db"')
    waiting.child.kill(signal)
    expect(await waiting.ended).toMatchObject({ status: signal, stdout: '' })
    expect((await ops.locks.inspect('db'))?.waiters).toEqual([])
    await lock.release()
  })

  test('held by a parent is a deadlock, and reported as one', async () => {
    const nested = 'cli-ops run -l db -- echo never'
    for (const program of [['bash', '-c', `${nested}; exit $?`], nested.split(' ')]) {
      const { status, stdout, stderr } = await new CliOpsUser().run('run', '-l', 'db', ...program)
      expect({ status, stdout }).toEqual({ status: 78, stdout: '' })
      expect(stderr).toContain('would never end')
    }
  })
})

describe('kill -9 of cli-ops', () => {
  test('leaves the program running with its lock, which ends with it', async () => {
    const user = new CliOpsUser()
    const ops = user.coordinator()
    const script = 'echo "pid=$$"; while ! test -e stop; do sleep 0.01; done; echo done'
    const running = user.start('run', '-l', 'db', '--', 'bash', '-c', script)
    const pid = await pidIn(running)
    running.child.kill('SIGKILL')
    await expect.poll(() => running.child.signalCode).toBe('SIGKILL')
    expect(await ops.locks.tryLock('db')).toBeNull()
    expect((await ops.locks.inspect('db'))?.owner).toMatchObject({ pid, state: 'running' })
    const next = ops.locks.lock('db')
    writeFileSync(join(user.directory, 'stop'), '')
    await (await next).release()
    expect((await running.ended).stdout).toContain('done')
  })

  test('while it waits ends the wait, and the program never begins', async () => {
    const user = new CliOpsUser()
    const ops = user.coordinator()
    const lock = await ops.locks.lock('db')
    const waiting = user.start('run', '-l', 'db', '--', 'echo', 'never')
    await waiting.says('waiting for "db"')
    waiting.child.kill('SIGKILL')
    // The child that waits for its go-ahead has the pipe, too, so this is its end as well.
    expect((await waiting.ended).stdout).toBe('')
    const next = ops.locks.lock('db')
    await lock.release()
    await (await next).release()
  })
})

describe('a lock that is taken away', () => {
  test('makes cli-ops ask the program to end, and say so with its own exit code', async () => {
    const user = new CliOpsUser()
    const script = 'trap "echo told; exit 9" TERM; echo "pid=$$"; while :; do sleep 0.01; done'
    const running = user.start('run', '-l', 'db', '-e', 'db:done', '--', 'bash', '-c', script)
    await running.says('pid=')
    const [{ id }] = await user.json<[LockInfo]>('locks')
    expect((await user.run('locks', 'release', 'db', '--id', id)).status).toBe(0)
    const { status, stdout, stderr } = await running.ended
    expect({ status, told: stdout.includes('told') }).toEqual({ status: 76, told: true })
    expect(stderr).toContain('cli-ops: lost the lock on "db"')
    expect(await user.coordinator().events.read('*')).toEqual([])
  })
})

describe('--keep-for descendants', () => {
  test('ends with the program, and the lock with its last descendant', async () => {
    const user = new CliOpsUser()
    const ops = user.coordinator()
    // The background job ends when the file appears.
    const job =
      '(while test -e "$PWD" && ! test -e stop; do sleep 0.01; done) >/dev/null 2>&1 </dev/null &'
    const { status } = await user.run(
      'run',
      '-l',
      'db',
      '-k',
      'descendants',
      'bash',
      '-c',
      `${job} exit 4`,
    )
    expect(status).toBe(4)
    expect(await ops.locks.tryLock('db')).toBeNull()
    const next = ops.locks.lock('db')
    writeFileSync(join(user.directory, 'stop'), '')
    await (await next).release()
  })

  test('releases the lock with the program if no descendant survives', async () => {
    const user = new CliOpsUser()
    expect((await user.run('run', '-l', 'db', '-k', 'descendants', 'true')).status).toBe(0)
    expect(await user.coordinator().locks.inspect('db')).toBeNull()
  })

  test('survives kill -9 of cli-ops and the end of the program', async () => {
    const user = new CliOpsUser()
    const ops = user.coordinator()
    const job =
      '(while test -e "$PWD" && ! test -e stop; do sleep 0.01; done) >/dev/null 2>&1 </dev/null &'
    const script = `${job} echo "pid=$$"; read -r line`
    const running = user.start('run', '-l', 'db', '-k', 'descendants', 'bash', '-c', script)
    await pidIn(running)
    running.child.kill('SIGKILL')
    running.child.stdin.end('go\n')
    await running.ended
    expect(await ops.locks.tryLock('db')).toBeNull()
    const next = ops.locks.lock('db')
    writeFileSync(join(user.directory, 'stop'), '')
    await (await next).release()
  })

  test('the holder that "locks" shows passes SIGTERM on to the program', async () => {
    const user = new CliOpsUser()
    const script = 'trap "echo told; exit 9" TERM; echo "pid=$$"; while :; do sleep 0.01; done'
    const running = user.start('run', '-l', 'db', '-k', 'descendants', 'bash', '-c', script)
    const pid = await pidIn(running)
    const info = await user.coordinator().locks.inspect('db')
    expect(info!.owner.pid).not.toBe(pid)
    process.kill(info!.owner.pid, 'SIGTERM')
    expect(await running.ended).toMatchObject({ status: 9 })
    expect(await user.coordinator().locks.inspect('db')).toBeNull()
  })
})

describe('a keeper without a program', () => {
  test('is shown as the holder, and ends when it is asked to', async () => {
    const user = new CliOpsUser()
    const ops = user.coordinator()
    const job =
      '(while test -e "$PWD" && ! test -e stop; do sleep 0.01; done) >/dev/null 2>&1 </dev/null &'
    await user.run('run', '-l', 'db', '-k', 'descendants', 'bash', '-c', job)
    const next = ops.locks.lock('db')
    const info = await ops.locks.inspect('db')
    expect(info?.owner).toMatchObject({ state: 'running', command: 'run bash' })
    process.kill(info!.owner.pid, 'SIGTERM')
    await (await next).release()
    writeFileSync(join(user.directory, 'stop'), '')
  })

  test('SIGKILL of it leaves the lock with the program', async () => {
    const user = new CliOpsUser()
    const ops = user.coordinator()
    const running = user.start('run', '-l', 'db', '-k', 'descendants', ...UNTIL_TOLD)
    const pid = await pidIn(running)
    const keeper = (await ops.locks.inspect('db'))!.owner.pid
    expect(keeper).not.toBe(pid)
    process.kill(keeper, 'SIGKILL')
    await expect.poll(async () => (await ops.locks.inspect('db'))?.owner.pid).toBe(pid)
    expect(await ops.locks.tryLock('db')).toBeNull()
    running.child.stdin.end('go\n')
    expect(await running.ended).toMatchObject({ status: 0 })
    expect(await ops.locks.inspect('db')).toBeNull()
  })
})

describe('what locks are held for', () => {
  test('appears in the programs’ arguments, which are stored nowhere', async () => {
    const user = new CliOpsUser()
    const running = user.start('run', '-l', 'deploy', ...UNTIL_TOLD, 'production')
    await running.says('pid=')
    const waiting = user.start('run', '-l', 'deploy', 'echo', 'staging', 'a b')
    await waiting.says('waiting for "deploy"')
    expect((await user.run('locks')).stdout).toMatch(
      /: bash -c '.*' production .*, for \d+ m?s: echo staging 'a b' /u,
    )
    const [info] = await user.json<[{ holders: unknown[]; waiting: unknown[] }]>('locks')
    expect(info.waiting).toMatchObject([{ commandLine: "echo staging 'a b'" }])
    const stored = await user.bash('grep -r staging "$CLI_OPS_HOME" || ls -R "$CLI_OPS_HOME"').ended
    expect(stored.stdout).not.toContain('staging')
    running.child.stdin.end('go\n')
    expect(await waiting.ended).toMatchObject({ stdout: 'staging a b\n' })
  })
})

describe('--emit', () => {
  test('stores how the program ended, or the given data, and only on success', async () => {
    const user = new CliOpsUser()
    await user.run('run', '-l', 'db', '-e', 'db:done', '--', 'true')
    await user.run('run', '-l', 'db', '-e', 'db:done={"a":1}', '--', 'true')
    await user.run('run', '-l', 'db', '-e', 'db:done', '--', 'false')
    const events = await user.coordinator().events.read('*')
    expect(events.map(({ type, data }) => [type, data])).toEqual([
      [
        'db:done',
        { program: 'true', lock: 'db', exitCode: 0, durationMs: expect.any(Number) as number },
      ],
      ['db:done', { a: 1 }],
    ])
  })

  test('a failure is reported, and changes no exit code', async () => {
    const user = new CliOpsUser()
    const script = 'rm -rf "$CLI_OPS_HOME/events"; touch "$CLI_OPS_HOME/events"'
    const end = await user.run('run', '-l', 'db', '-e', 'db:done', 'bash', '-c', script)
    expect(end.status).toBe(0)
    expect(end.stderr).toMatch(/^cli-ops: db:done was not emitted: /u)
  })
})

describe('wrong arguments', () => {
  test.each([
    [['--wait', '30'], '--wait must be a duration such as 500ms, 30s, 5m or 1h30m, got "30"'],
    [['--label', ''], '--label must be 1 to 200 characters, got ""'],
    [['--keep-for', 'me'], '--keep-for must be child or descendants, got "me"'],
    [['--emit', '*'], '--emit must not contain "*"'],
    [['--emit', 'a:b={'], '--emit must be JSON, such as {"id":"1"}, got "{"'],
  ])('%j', async (args, message) => {
    const user = new CliOpsUser()
    const { status, stdout, stderr } = await user.run('run', '-l', 'db', ...args, 'touch', 'ran')
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
    expect(stderr.startsWith(`cli-ops: ${message}`)).toBe(true)
    expect(() => readFileSync(join(user.directory, 'ran'))).toThrow()
  })

  test('--keep-for descendants on an engine, which cannot know them', async () => {
    const user = new CliOpsUser({ CLI_OPS_URL: 'redis://127.0.0.1:1' })
    const { status, stdout, stderr } = await user.run(
      ...['run', '-l', 'db', '--keep-for', 'descendants', '--', 'echo', 'ran'],
    )
    expect({ status, stdout }).toEqual({ status: 78, stdout: '' })
    expect(stderr).toBe('cli-ops: --keep-for must be child on an engine, got "descendants"\n')
  })

  test('a program must be given', async () => {
    expect((await new CliOpsUser().run('run', '--lock', 'db')).status).not.toBe(0)
  })
})

test('CLI_OPS_DISABLED runs the program without a lock', async () => {
  const user = new CliOpsUser({ CLI_OPS_DISABLED: '1' })
  const lock = await user.coordinator().locks.lock('db')
  expect(await user.run('run', '-l', 'db', '--', 'echo', 'ran')).toMatchObject({ stdout: 'ran\n' })
  await lock.release()
})
