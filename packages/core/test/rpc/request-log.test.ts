import { IPCClient, IPCServer, type RequestReport } from '@cli-ops/shared-ipc'
import { expect, onTestFinished, test } from 'vitest'
import { requestReportSchema } from '../../src/schemas/index.js'
import { objectWith } from '../fixtures/matchers.js'
import { temporaryHome } from '../fixtures/temporary-home.js'
import { temporaryRuntime } from '../fixtures/temporary-runtime.js'

temporaryRuntime()

async function connected() {
  const home = temporaryHome()
  const server = new IPCServer('cli-alpha', { home })
  const client = new IPCClient('cli-alpha', { home })
  onTestFinished(() => client.close())
  onTestFinished(() => server.close())
  await server.ready
  const report = async (params?: unknown): Promise<RequestReport> =>
    requestReportSchema.parse(await client.call('$/requests', params))
  return { server, client, report }
}

test('a server that got no requests says so', async () => {
  const { report } = await connected()
  expect(await report()).toEqual({ ended: 0, failed: 0, running: [], recent: [] })
})

test('shows how requests ended, and never what they carried', async () => {
  const { server, client, report } = await connected()
  server.handle('echo', (value) => value)
  server.handle('fail', () => {
    throw new Error('secret')
  })
  server.handle('never', () => new Promise(() => undefined))
  server.handle('heeds', (_, { signal }) => {
    return new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => {
        reject(new Error('aborted'))
      })
    })
  })
  await client.call('echo', 'secret')
  await client.call('fail', 'secret').catch(() => undefined)
  await client.call('nope').catch(() => undefined)
  await client.call('heeds', null, { timeoutMs: 30 }).catch(() => undefined)
  const pending = client.call('never', 'secret', { timeoutMs: 60_000 }).catch(() => undefined)

  await expect.poll(async () => (await report()).ended).toBe(4)
  const told = await report()
  expect(told).toMatchObject({
    failed: 3,
    running: [{ method: 'never', client: 1 }],
    recent: [
      { number: 1, method: 'echo', outcome: 'answered' },
      { number: 2, method: 'fail', outcome: 'failed' },
      { number: 3, method: 'nope', outcome: 'failed' },
      { number: 4, method: 'heeds', outcome: 'expired' },
    ],
  })
  expect(told.recent[3]?.durationMs).toBeGreaterThan(20)
  expect(JSON.stringify(told)).not.toContain('secret')
  await client.close()
  await pending
})

test('keeps only the last ones, and a reader continues where it was', async () => {
  const { server, client, report } = await connected()
  server.handle('echo', (value) => value)
  await Promise.all(Array.from({ length: 300 }, (_, value) => client.call('echo', value)))
  const told = await report()
  expect(told.ended).toBe(300)
  expect(told.recent.map(({ number }) => number)).toEqual(
    Array.from({ length: 128 }, (_, index) => 173 + index),
  )
  expect((await report({ after: 299 })).recent).toEqual([objectWith({ number: 300 })])
  expect((await report({ after: 300 })).recent).toEqual([])
  expect((await report({ after: 9e15 })).recent).toEqual([])
  for (const after of [-1, 1.5, 'x', null])
    expect((await report({ after })).recent).toHaveLength(128)
})

test('truncates the name of a method', async () => {
  const { client, report } = await connected()
  await client.call('x'.repeat(200)).catch(() => undefined)
  expect((await report()).recent[0]?.method).toBe(`${'x'.repeat(100)}…`)
})
