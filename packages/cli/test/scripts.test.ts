import { once } from 'node:events'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import type { EventEnvelope, LockInfo } from '@cli-ops/shared-ipc'
import { describe, expect, test } from 'vitest'

import { root } from '../../../scripts/workspaces.mjs'
import { CliOpsUser } from './fixtures/cli-ops-user.js'

describe('scripts in bash', () => {
  test('a build and a deploy that meet: run, --emit, wait-for, events', async () => {
    const user = new CliOpsUser()
    const { status, stdout, stderr } = await user.bash(`
      began=$(date -Ins)
      cli-ops run --lock workspace --emit build:done='{"version":"1.4.0"}' -- bash -c 'echo built >> log' &
      version=$(cli-ops wait-for build:done --since "$began" --timeout 20s | python3 -c 'import json, sys; print(json.load(sys.stdin)["version"])')
      wait
      cli-ops run --lock workspace --emit deploy:done -- bash -c "echo deployed $version >> log"
      cat log
      cli-ops events --json | wc -l
    `).ended
    expect({ status, stdout, stderr }).toEqual({
      status: 0,
      stdout: 'built\ndeployed 1.4.0\n2\n',
      stderr: '',
    })
  })

  test('ten concurrent increments count without losing one', async () => {
    const user = new CliOpsUser()
    writeFileSync(join(user.directory, 'count'), '0')
    const add = 'n=$(cat count); sleep 0.01; echo $((n + 1)) > count'
    const { status } = await user.bash(`
      for i in 1 2 3 4 5 6 7 8 9 10; do cli-ops run -l count -- bash -c '${add}' & done
      wait`).ended
    expect(status).toBe(0)
    expect(readFileSync(join(user.directory, 'count'), 'utf8')).toBe('10\n')
  }, 60_000)

  test('a script that locks itself restarts under the lock, with its arguments', async () => {
    const user = new CliOpsUser()
    const guide = readFileSync(join(root, 'docs/guides/command-line.md'), 'utf8')
    const script = /^```sh\n(#!.*?)^```$/msu.exec(guide)?.[1]
    writeFileSync(join(user.directory, 'deploy.sh'), script!, { mode: 0o755 })
    const running = user.bash(`
      ./deploy.sh 'a b' & ./deploy.sh c & wait
      cli-ops run -l deploy --no-wait -- echo free`)
    const { status, stdout, stderr } = await running.ended
    expect({ status, stderr: stderr.replaceAll(/^cli-ops: waiting .*\n/gmu, '') }).toEqual({
      status: 0,
      stderr: '',
    })
    const lines = stdout.trimEnd().split('\n')
    const grants = lines.slice(0, 2).map((line) => /^deploying (.*), grant (\d+)$/u.exec(line)!)
    expect(new Set(grants.map(([, what]) => what))).toEqual(new Set(['a b', 'c']))
    expect(BigInt(grants[1]![2]!)).toBeGreaterThan(BigInt(grants[0]![2]!))
    expect(lines[2]).toBe('free')
  })

  test.each(['bash self.sh x', 'bash ./self.sh x', 'chmod +x self.sh; ./self.sh x'])(
    'a script that locks itself can be started as: %s',
    async (start) => {
      for (const guide of ['command-line', 'cookbook']) {
        const user = new CliOpsUser()
        const text = readFileSync(join(root, `docs/guides/${guide}.md`), 'utf8')
        const script = /^```sh\n(#!(?:(?!```).)*exec cli-ops run .*?)^```$/msu.exec(text)![1]!
        const resource = /--lock (\S+)/u.exec(script)![1]!
        // Not executable, as an editor saves it.
        writeFileSync(join(user.directory, 'self.sh'), `${script}\ncli-ops locks --json\n`)
        writeFileSync(join(user.directory, 'deploy.sh'), '#!/bin/sh\n', { mode: 0o755 })
        const { status, stdout, stderr } = await user.bash(start).ended
        expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
        const [lock] = JSON.parse(stdout.trimEnd().split('\n').at(-1)!) as LockInfo[]
        expect(lock).toMatchObject({ resource, owner: { command: 'run self.sh' } })
      }
    },
  )

  test('if and || see 75 and 124', async () => {
    const user = new CliOpsUser()
    const lock = await user.coordinator().locks.lock('db')
    const { stdout } = await user.bash(`
      cli-ops run -l db --no-wait -- true 2>/dev/null || echo "busy $?"
      cli-ops wait-for never --timeout 50ms 2>/dev/null || echo "late $?"
      cli-ops nonsense 2>/dev/null || echo "usage $?"`).ended
    expect(stdout).toBe('busy 75\nlate 124\nusage 2\n')
    await lock.release()
  })

  test('xargs, and a reader that stops early', async () => {
    const user = new CliOpsUser()
    const { stdout, status } = await user.bash(`
      seq 3 | xargs -I{} cli-ops emit number:{} '{"n":{}}' >/dev/null
      cli-ops events --json | head -1 | python3 -c 'import json, sys; print(json.load(sys.stdin)["data"])'`)
      .ended
    expect({ stdout, status }).toEqual({ stdout: "{'n': 1}\n", status: 0 })
  })
})

describe('wait-for', () => {
  test('whose time is over before an engine has answered says that it is unreachable', async () => {
    const user = new CliOpsUser({ CLI_OPS_URL: 'redis://127.0.0.1:1' })
    const { status, stderr } = await user.run('wait-for', 'build:done', '--timeout', '1ms')
    expect(status).toBe(1)
    expect(stderr).toContain('cli-ops: cannot use redis://127.0.0.1:1')
  })

  test('receives events that arrive while it is starting', async () => {
    const user = new CliOpsUser()
    const waiting = user.start('wait-for', 'task:*', '--timeout', '20s')
    const ops = user.coordinator()
    // It has not been loaded yet: nothing is watched so far.
    await ops.events.emit('task:created', { id: '1', title: 'a' })
    expect(await waiting.ended).toMatchObject({ status: 0, stdout: '{"id":"1","title":"a"}\n' })
  })

  test('takes the first matching event', async () => {
    const user = new CliOpsUser()
    const where = ['--where', 'exitCode=0', '--where', 'who.name=a b', '--where', 'ok=true']
    const waiting = user.start('wait-for', 'job:done', ...where, '--json')
    const events = user.coordinator().events as unknown as {
      emit(type: string, data: unknown): Promise<EventEnvelope>
    }
    await events.emit('job:done', { exitCode: 1, who: { name: 'a b' }, ok: true })
    await events.emit('job:done', { exitCode: 0, who: 'a b', ok: true })
    await events.emit('job:started', { exitCode: 0, who: { name: 'a b' }, ok: true })
    const right = await events.emit('job:done', { exitCode: 0, who: { name: 'a b' }, ok: true })
    expect(JSON.parse((await waiting.ended).stdout)).toEqual(right)
  })

  test('continues after a position, or from a time', async () => {
    const user = new CliOpsUser()
    const ops = user.coordinator()
    const first = await ops.events.emit('task:deleted', { id: '1' })
    await ops.events.emit('task:deleted', { id: '2' })
    const behind = await user.json<EventEnvelope>('wait-for', 'task:*', '--after', first.cursor)
    expect(behind.data).toEqual({ id: '2' })
    const since = await user.json<EventEnvelope>('wait-for', 'task:*', '--since', '1h30m')
    expect(since.data).toEqual({ id: '1' })
  })

  test('ends with Ctrl-C', async () => {
    const user = new CliOpsUser()
    const waiting = user.start('wait-for', 'never')
    // Created in order to watch it.
    await expect.poll(() => existsSync(join(user.home, 'events')), { timeout: 60_000 }).toBe(true)
    waiting.child.kill('SIGINT')
    expect((await waiting.ended).status).toBe('SIGINT')
  })

  test.each([
    [['--where', 'x'], '--where must be key=value, such as exitCode=0, got "x"'],
    [['--timeout', '5'], '--timeout must be a duration such as'],
    [['--since', 'x'], '--since must be an age such as'],
    [['--since', '5m', '--after', '1:1'], '--after cannot be combined with --since'],
  ])('%j is refused', async (args, message) => {
    const { status, stderr } = await new CliOpsUser().run('wait-for', 'a', ...args)
    expect(status).toBe(2)
    expect(stderr.startsWith(`cli-ops: ${message}`)).toBe(true)
  })
})

describe('emit', () => {
  test('takes its data from the argument, from stdin, or has none', async () => {
    const user = new CliOpsUser()
    expect((await user.run('emit', 'a:b')).stdout).toBe('Emitted "a:b".\n')
    await user.run('emit', 'a:b', '[1]')
    const running = user.start('emit', 'a:b', '--stdin', '--json')
    running.child.stdin.end('{"n":\n1}')
    const printed = JSON.parse((await running.ended).stdout) as EventEnvelope
    const events = await user.coordinator().events.read('*')
    expect(events.map(({ data }) => data)).toEqual([{}, [1], { n: 1 }])
    expect(printed).toEqual(events[2])
  })

  test.each([
    [['a*'], 'type must not contain "*"'],
    [['a', '{'], '<json> must be JSON, such as {"id":"1"}, got "{"'],
    [['a', '1', '--stdin'], '--stdin cannot be combined with <json>'],
  ])('%j is refused', async (args, message) => {
    const user = new CliOpsUser()
    const { status, stderr } = await user.run('emit', ...args)
    expect(status).toBe(2)
    expect(stderr.startsWith(`cli-ops: ${message}`)).toBe(true)
    expect((await user.run('events', '--json')).stdout).toBe('')
  })
})

describe('call', () => {
  test('prints the answer, and says if nothing answers', async () => {
    const user = new CliOpsUser()
    const ops = user.coordinator('cli-alpha')
    const server = ops.serve()
    server.handle('get-tasks', (params) => ({ params, tasks: ['a'] }))
    // Until its caller has gone or its time is over; otherwise it would still count as running.
    server.handle('never', async (_params, { signal }) => {
      await once(signal, 'abort')
    })
    server.handle('fail', () => {
      throw new Error('no such list')
    })
    await server.ready
    expect(await user.json('call', 'cli-alpha', 'get-tasks', '{"tag":"home"}')).toEqual({
      params: { tag: 'home' },
      tasks: ['a'],
    })
    expect((await user.run('call', 'cli-alpha', 'get-tasks')).stdout).toBe(
      `${JSON.stringify({ params: {}, tasks: ['a'] }, null, 2)}\n`,
    )
    const late = await user.run('call', 'cli-alpha', 'never', '--timeout', '300ms')
    expect(late.status).toBe(124)
    const failed = await user.run('call', 'cli-alpha', 'fail')
    expect(failed.status).toBe(1)
    expect(failed.stderr).toContain('no such list')
    expect((await user.run('call', 'cli-beta', 'get-tasks')).status).toBe(1)
    const { requests } = await user.json<{ requests: object[] }>('status')
    expect(requests).toMatchObject([{ name: 'cli-alpha', pid: process.pid, ended: 4, running: 0 }])
  })
})

describe('events', () => {
  test('a group sees each event once, across several runs', async () => {
    const user = new CliOpsUser()
    await user.run('emit', 'a:b')
    expect((await user.run('events', '--group', 'g', '--json')).stdout.split('\n')).toHaveLength(2)
    expect((await user.run('events', '--group', 'g')).stdout).toBe('No new matching events.\n')
    await user.run('emit', 'a:c')
    expect((await user.run('events', '--group', 'g')).stdout).toContain('a:c')
  })
})

test('--home, --namespace and --url select the place, for the wrapped program too', async () => {
  const user = new CliOpsUser()
  await user.run('--namespace', 'team', 'emit', 'a:b')
  expect((await user.run('events', '--json')).stdout).toBe('')
  expect((await user.run('--namespace', 'team', 'events')).stdout).toContain('a:b')
  const run = ['run', '-l', 'db', '--', 'bash', '-c', 'cli-ops locks --json']
  const { stdout } = await user.run('--home', join(user.directory, 'other'), ...run)
  expect(JSON.parse(stdout)).toHaveLength(1)
  const failed = await user.run('--url', 'nonsense://host', 'locks')
  expect(failed).toMatchObject({ status: 2, stdout: '' })
})
