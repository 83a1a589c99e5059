import { execFile, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'

import { type Coordinator, EventBus } from '@cli-ops/shared-ipc'
import { createTestCoordinator } from '@cli-ops/shared-ipc/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { root } from '../../scripts/workspaces.mjs'

// The references are precise enough if a program written from them, in another language, can take part.

const SCRIPT = join(root, 'examples/python/cli_ops.py')
const run = promisify(execFile)

// The interpreter itself: the one in PATH can be a script that first looks for one, at each of a hundred starts.
const FACTS = 'import sys; print(sys.version_info >= (3, 10)); print(sys.executable)'
const { stdout: facts } = spawnSync('python3', ['-c', FACTS], { encoding: 'utf8' })
const [isRecent, PYTHON = 'python3'] = facts?.split('\n') ?? []
const missing =
  process.platform !== 'linux'
    ? 'the script reads /proc'
    : isRecent !== 'True'
      ? 'python3 of 3.10 or newer is not installed'
      : undefined

describe.skipIf(missing !== undefined)(`a Python program takes part${skipped()}`, () => {
  let ops: Coordinator & { readonly home?: string | undefined }
  let env: NodeJS.ProcessEnv

  beforeEach(() => {
    ops = createTestCoordinator({ name: 'cli-alpha', storage: 'disk' })
    env = { ...process.env, CLI_OPS_HOME: ops.home }
  })

  afterEach(() => ops.close())

  /** Runs the script to its end and parses the lines it prints. */
  async function python(...args: string[]): Promise<unknown[]> {
    const { stdout } = await run(PYTHON, [SCRIPT, ...args], { env })
    return stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as unknown)
  }

  /** Runs a command under a lock that lasts until its stdin ends; resolves when it has begun. */
  async function pythonHolder(resource: string) {
    const command = ['sh', '-c', 'echo "$CLI_OPS_LOCK_TOKEN"; cat']
    const child = spawn(PYTHON, [SCRIPT, 'lock', resource, '--', ...command], {
      env,
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    const lines = createInterface({ input: child.stdout })
    const [token] = (await once(lines, 'line')) as [string]
    return { child, token: BigInt(token), exited: once(child, 'exit') }
  }

  test('its lock blocks the kit, names its holder, and tokens keep rising', async () => {
    const before = await ops.locks.acquire('db', ({ token }) => token)
    const { child, token, exited } = await pythonHolder('db')
    expect(token).toBe(before + 1n)
    expect(await ops.locks.tryLock('db')).toBeNull()
    expect(await ops.locks.inspect('db')).toMatchObject({
      mode: 'exclusive',
      token,
      owner: { name: 'cli_ops.py', command: 'lock', pid: child.pid, state: 'running' },
    })
    const waiting = ops.locks.acquire('db', (lock) => lock.token)
    child.stdin.end()
    await exited
    expect(await waiting).toBe(token + 1n)
  })

  test('it does not take a lock of two processes of which one has ended', async () => {
    const [first, second] = [spawn('sleep', ['60']), spawn('sleep', ['60'])]
    await ops.locks.lock('db', { ownerPid: first.pid, partnerPid: second.pid })
    first.kill('SIGKILL')
    await once(first, 'exit')
    const waiting = python('lock', 'db', '--', 'echo', '"in"')
    await expect
      .poll(async () => (await ops.locks.inspect('db'))?.waiters.length, { timeout: 15_000 })
      .toBe(1)
    expect(await ops.locks.inspect('db')).toMatchObject({ owner: { pid: second.pid } })
    second.kill('SIGKILL')
    expect(await waiting).toEqual(['in'])
  })

  test('it waits for the kit’s locks, including shared ones, at its queue position', async () => {
    for (const mode of ['exclusive', 'shared'] as const) {
      const lock = await ops.locks.lock('db', { mode })
      const holder = pythonHolder('db')
      await waitUntil(async () => (await ops.locks.inspect('db'))?.waiters.length === 1)
      const order: string[] = []
      const behind = ops.locks.acquire('db', () => order.push('cli-alpha'))
      await waitUntil(async () => (await ops.locks.inspect('db'))?.waiters.length === 2)
      await lock.release()
      const { child, exited } = await holder
      order.push('python')
      child.stdin.end()
      await Promise.all([behind, exited])
      expect(order).toEqual(['python', 'cli-alpha'])
    }
  })

  test('its lock is free once it was killed, and it skips a killed holder of the kit', async () => {
    const { child, exited, token } = await pythonHolder('db')
    child.kill('SIGKILL')
    await exited
    expect(await ops.locks.acquire('db', (lock) => lock.token)).toBe(token + 1n)

    const script = `
      import { LockManager } from '@cli-ops/shared-ipc'
      await new LockManager().lock('db')
      process.kill(process.pid, 'SIGKILL')`
    const args = ['--input-type=module', '--eval', script]
    await once(spawn(process.execPath, args, { cwd: root, env }), 'exit')
    const next = await pythonHolder('db')
    expect(next.token).toBe(token + 3n)
    next.child.stdin.end()
    await next.exited
  })

  test('four Python and four Node processes never meet in a lock', async () => {
    // mkdir fails if another process is inside.
    const inside = join(ops.home ?? '', 'inside')
    const turn = `mkdir "${inside}" && rmdir "${inside}"`
    const script = `
      import { execFileSync } from 'node:child_process'
      import { LockManager } from '@cli-ops/shared-ipc'
      const locks = new LockManager('db')
      for (let turn = 0; turn < 10; turn += 1) {
        await locks.acquire(() => execFileSync('sh', ['-c', ${JSON.stringify(turn)}]))
      }`
    const loop = `for i in 1 2 3 4 5 6 7 8 9 10; do
      "${PYTHON}" "${SCRIPT}" lock db -- sh -c '${turn}' || exit 1; done`
    const programs = Array.from({ length: 4 }, () => [
      run('sh', ['-c', loop], { env }),
      run(process.execPath, ['--input-type=module', '--eval', script], { cwd: root, env }),
    ]).flat()
    const ended = await Promise.allSettled(programs)
    expect(ended.filter(({ status }) => status === 'rejected')).toEqual([])
    expect(existsSync(inside)).toBe(false)
    expect(readdirSync(join(ops.home ?? '', 'claims'))).toEqual([])
  }, 120_000)

  test('its events reach subscribers, and it reads the kit’s events', async () => {
    const heard = ops.events.once('task:created')
    const [emitted] = await python('emit', 'task:created', '{"id":"ü"}')
    expect(await heard).toMatchObject({ ...(emitted as object), data: { id: 'ü' } })
    await ops.events.emit('task:deleted', { id: '2' })
    expect(await python('events')).toMatchObject([
      { type: 'task:created', data: { id: 'ü' } },
      { type: 'task:deleted', source: '/cli-ops/cli-alpha/' + (await ownInstance()) },
    ])
  })

  test('it begins a log, and continues in the newest segment', async () => {
    await python('emit', 'task:created', '{"id":"first"}')
    await using bus = new EventBus({ home: ops.home, maxBytes: 65_536, rateLimit: false })
    for (let id = 0; id < 40; id += 1) {
      await bus.emit('task:created', { id: String(id), title: 'x'.repeat(500) })
    }
    const segments = readdirSync(join(ops.home ?? '', 'events'))
    expect(segments.length).toBeGreaterThan(2)
    await python('emit', 'task:created', '{"id":"last"}')
    const read = await bus.read('task:created', { from: 'earliest' })
    const ids = read.map(({ data }) => data.id)
    expect([ids[0], ids.at(-1), ids.length]).toEqual(['first', 'last', 42])
    const seen = await python('events')
    expect(seen.map((event) => (event as { id: string }).id)).toEqual(read.map(({ id }) => id))
  })

  test('it finds the running CLIs and sends them requests', async () => {
    const server = ops.serve()
    server.handle('add', ({ a, b }: { a: number; b: number }) => a + b)
    await server.ready
    expect(await python('ps')).toMatchObject([{ name: 'cli-alpha', pid: process.pid }])
    expect(await python('call', 'cli-alpha', 'add', '{"a":1,"b":2}')).toEqual([3])
    await expect(python('call', 'cli-beta', 'add')).rejects.toMatchObject({
      code: 1,
      stderr: 'no running cli-beta answers requests\n',
    })
  })

  async function ownInstance(): Promise<string> {
    await ops.registry.register('cli-alpha')
    const [own] = await ops.registry.discover({ includeSelf: true })
    return own?.instance ?? ''
  }
})

function skipped(): string {
  return missing === undefined ? '' : ` (skipped: ${missing})`
}

async function waitUntil(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 5))
}
