import { randomUUID } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { inspect } from 'node:util'

import { createCoordinator } from '@cli-ops/shared-ipc'
import { expect, onTestFinished, test } from 'vitest'

import { CliOpsUser } from '../../cli/test/fixtures/cli-ops-user.js'
import { sayTo } from '../../../test/engines/redis-replication.js'
import { hasRedisServer, RedisServer } from '../../../test/engines/redis-server.js'
import { CALLED } from '../src/fitness.js'

const SOURCES = fileURLToPath(new URL('../src', import.meta.url))

async function start(options: Parameters<typeof RedisServer.start>[0] = {}): Promise<RedisServer> {
  const server = await RedisServer.start(options)
  onTestFinished(() => server.stop())
  return server
}

function open(url: string, namespace: string) {
  const ops = createCoordinator({ name: 'cli-alpha', url, namespace, home: tmpdir() })
  onTestFinished(() => ops.close())
  return ops
}

// Its event was undone, but not its number, which the stream had seen: no process could emit any more.
test.runIf(hasRedisServer())(
  'a user without the right to publish leaves nothing behind, and the log unchanged',
  async () => {
    const server = await start()
    const all = ['on', '>secret', '~*', '&*', '+@all', '-publish']
    await sayTo(server.port, 'ACL', 'SETUSER', 'poor', ...all)
    const namespace = randomUUID()
    const [rich, poor] = [
      open(server.url, namespace),
      open(`redis://poor:secret@127.0.0.1:${server.port}`, namespace),
    ]
    const first = await rich.events.emit('a:b', 1)
    const forbidden = { code: 'FORBIDDEN' }
    await expect(poor.events.emit('a:b', 2)).rejects.toMatchObject(forbidden)
    await expect(poor.registry.register('poor')).rejects.toMatchObject(forbidden)
    await rich.events.emit('a:b', 3)
    const read = await rich.events.read('*', { from: first.cursor })
    expect(read.map(({ data }) => data)).toEqual([3])
    expect(await rich.registry.discover({ name: 'poor' })).toEqual([])
  },
)

test.runIf(hasRedisServer())(
  'reading the log shows everything in it, even what follows a loss at a restart',
  async () => {
    const server = await start({ isPersistent: false })
    const namespace = randomUUID()
    const ops = open(server.url, namespace)
    const first = await ops.events.emit('a:b', 1)
    await server.kill()
    await server.restart()
    await ops.events.emit('a:b', 2)
    await expect(ops.events.read('*', { from: first.cursor })).rejects.toMatchObject({
      code: 'CURSOR_GAP',
    })
    const user = new CliOpsUser({ CLI_OPS_URL: server.url, CLI_OPS_NAMESPACE: namespace })
    const end = await user.run('events', '--after', first.cursor)
    expect(end).toMatchObject({
      status: 0,
      stderr: 'cli-ops: some events expired before they could be shown\n',
    })
    expect(end.stdout).toContain('a:b  2')
  },
)

test('doctor checks every command of the scripts', () => {
  const files = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' })
  const sources = files
    .filter((file) => file.endsWith('.ts'))
    .map((file) => readFileSync(join(SOURCES, file), 'utf8'))
  const called = sources.join('\n').matchAll(/redis\.p?call\([^,]*?'([A-Z]{2,})'/gu)
  const names = new Set(Array.from(called, ([, name = '']) => name))
  // Checked in other ways: without a key, or on channels. Without PUBSUB, positions count waiters that are gone.
  for (const name of ['INFO', 'TIME', 'PUBLISH', 'PUBSUB']) names.delete(name)
  expect([...names].filter((name) => !CALLED.includes(name))).toEqual([])
})

test.runIf(hasRedisServer()).each([
  ['EVALSHA', /'EVALSHA'; the server has disabled or renamed a command \(rename-command\)$/u],
  ['PUBLISH', /disabled or renamed HSET or PUBLISH \(rename-command\)$/u],
])('names a server without %s, and quotes no arguments', async (command, message) => {
  const server = await start({ settings: ['--rename-command', command, ''] })
  const { events } = open(server.url, 'a-namespace')
  const failure: unknown = await events.emit('a:b', 1).catch((error: unknown) => error)
  expect(failure).toMatchObject({
    code: 'UNSUPPORTED',
    message: expect.stringMatching(message) as unknown,
  })
  expect(inspect(failure)).not.toMatch(/a-namespace|script:/u)
})
