import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { IPCClient, IPCServer, ServiceRegistry } from '@cli-ops/shared-ipc'
import { expect, onTestFinished, test, vi } from 'vitest'

import { temporaryHome } from '../fixtures/temporary-home.js'
import { temporaryRuntime } from '../fixtures/temporary-runtime.js'

const runtime = temporaryRuntime()

async function serving() {
  const home = temporaryHome()
  const server = new IPCServer('srv', { home })
  onTestFinished(() => server.close())
  server.handle('x', () => 'answer')
  await server.ready
  const client = new IPCClient('srv', { home })
  onTestFinished(() => client.close())
  const ask = async (): Promise<unknown> => {
    // A new client: a connected one need not find the server.
    await using other = new IPCClient('srv', { home })
    return await other.call('x', null, { timeoutMs: 1000 })
  }
  return { home, server, client, ask }
}

test.each<[string, (places: { home: string; endpoint: string }) => void]>([
  ['socket', ({ endpoint }) => rmSync(endpoint)],
  ['socket directory', () => rmSync(join(runtime.path, 'cli-ops'), { recursive: true })],
  ['runtime directory', () => rmSync(runtime.path, { recursive: true })],
  ['record', ({ home }) => rmSync(join(home, 'registry'), { recursive: true })],
  ['home', ({ home }) => rmSync(home, { recursive: true })],
  [
    'socket to a file in its place',
    ({ endpoint }) => {
      rmSync(endpoint)
      writeFileSync(endpoint, '')
    },
  ],
  [
    'socket to a directory in its place',
    ({ endpoint }) => {
      rmSync(endpoint)
      mkdirSync(endpoint)
    },
  ],
  [
    'record, which was emptied,',
    ({ home }) => {
      for (const name of readdirSync(join(home, 'registry')))
        writeFileSync(join(home, 'registry', name), '')
    },
  ],
  [
    'socket and record',
    ({ home, endpoint }) => {
      rmSync(endpoint)
      rmSync(join(home, 'registry'), { recursive: true })
    },
  ],
])('a server that has lost its %s recreates it, and keeps its connections', async (_what, lose) => {
  const { home, server, client, ask } = await serving()
  expect(await client.call('x')).toBe('answer')
  lose({ home, endpoint: server.endpoint! })
  await vi.waitFor(async () => expect(await ask()).toBe('answer'), {
    timeout: 20_000,
    interval: 50,
  })
  expect(await client.call('x')).toBe('answer')
  await using registry = new ServiceRegistry({ home })
  expect(await registry.discover({ includeSelf: true })).toMatchObject([
    { name: 'srv', state: 'live', endpoint: server.endpoint },
  ])
  // What it has recreated goes with it, too.
  const { endpoint } = server
  await server.close()
  expect(existsSync(endpoint!)).toBe(false)
  expect(readdirSync(join(home, 'registry'))).toEqual([])
  mkdirSync(runtime.path, { recursive: true })
})

test('a closed server recreates nothing', async () => {
  const { home, server } = await serving()
  rmSync(join(home, 'registry'), { recursive: true })
  await server.close()
  expect(existsSync(join(home, 'registry'))).toBe(false)
  expect(runtime.sockets()).toEqual([])
})
