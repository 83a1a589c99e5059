// Requests over named pipes, and the registry that leads to them.
import assert from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'

import { IPCClient, ServiceRegistry } from '@cli-ops/shared-ipc'

import { temporaryFolder } from '../parts/temporary-folder.js'

const ACTOR = fileURLToPath(
  new URL('../../../packages/core/test/fixtures/rpc-actor.mjs', import.meta.url),
)

/** Starts a process that serves under a name until the end of the test, and returns its endpoint. */
async function startServer(
  context: TestContext,
  home: string,
  name: string,
): Promise<{ server: ChildProcess; endpoint: string }> {
  const server = fork(ACTOR, [home])
  context.after(() => end(server))
  await once(server, 'message')
  server.send({ call: 1, operation: 'serve', input: { name } })
  const [{ result }] = (await once(server, 'message')) as [{ result: string }]
  return { server, endpoint: result }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
}

function clientOf(context: TestContext, home: string, name: string): IPCClient {
  const client = new IPCClient(name, { home })
  context.after(() => client.close())
  return client
}

test('requests are answered over a named pipe: small, large, many together, in parts', async (context) => {
  const home = temporaryFolder()
  const { server, endpoint } = await startServer(context, home, 'alpha')
  assert.match(endpoint, /^\\\\\.\\pipe\\cli-ops-/u)
  const client = clientOf(context, home, 'alpha')
  assert.equal(await client.call('pid'), server.pid)
  const large = 'ü'.repeat(200_000)
  assert.equal(await client.call('echo', large), large)
  const many = Array.from({ length: 200 }, (_, n) => n)
  assert.deepEqual(await Promise.all(many.map((n) => client.call('echo', n))), many)
  const parts: unknown[] = []
  for await (const part of client.stream('count', 5)) parts.push(part)
  assert.deepEqual(parts, [1, 2, 3, 4, 5])
})

test('an off-the-shelf client speaks to the pipe', async (context) => {
  const home = temporaryFolder()
  const { server, endpoint } = await startServer(context, home, 'alpha')
  const socket = connect(endpoint).setEncoding('utf8')
  context.after(() => socket.destroy())
  socket.write('{"jsonrpc":"2.0","id":7,"method":"pid"}\n')
  const [answer] = (await once(socket, 'data')) as [string]
  assert.deepEqual(JSON.parse(answer), { jsonrpc: '2.0', id: 7, result: server.pid })
})

test('a request whose server is terminated says so, and the next server is found', async (context) => {
  const home = temporaryFolder()
  const { server } = await startServer(context, home, 'alpha')
  const client = clientOf(context, home, 'alpha')
  const began = once(server, 'message')
  const pending = client.call('never')
  await began
  await Promise.all([assert.rejects(pending, { name: 'CliOpsError' }), end(server)])
  await assert.rejects(clientOf(context, home, 'alpha').call('pid'), { code: 'NO_RESPONDER' })
  const next = await startServer(context, home, 'alpha')
  assert.equal(await client.call('pid'), next.server.pid)
})

test('the registry knows running processes, and forgets terminated ones', async (context) => {
  const home = temporaryFolder()
  const registry = new ServiceRegistry({ home })
  context.after(() => registry.close())
  const [one, other] = [
    await startServer(context, home, 'alpha'),
    await startServer(context, home, 'alpha'),
  ]
  const found = await registry.discover({ name: 'alpha' })
  assert.deepEqual(
    found.map(({ pid, state }) => ({ pid, state })).toSorted((a, b) => a.pid - b.pid),
    [one, other]
      .map(({ server }) => ({ pid: server.pid!, state: 'live' }))
      .toSorted((a, b) => a.pid - b.pid),
  )
  await end(one.server)
  assert.deepEqual(
    (await registry.discover({ name: 'alpha' })).map(({ pid }) => pid),
    [other.server.pid],
  )
})
