import { IPCClient, IPCServer, type RequestContext } from '@cli-ops/shared-ipc'
import { expect, onTestFinished, test } from 'vitest'
import { RawConnection } from '../fixtures/raw-connection.js'
import { temporaryHome } from '../fixtures/temporary-home.js'
import { temporaryRuntime } from '../fixtures/temporary-runtime.js'

temporaryRuntime()

/** A server whose handler `hold` runs for as long as the test wants, and exposes its context. */
async function startServer(options: object = {}) {
  const home = temporaryHome()
  const server = new IPCServer('cli-alpha', { home, closeGraceMs: 0, ...options })
  onTestFinished(() => server.close())
  const contexts: RequestContext[] = []
  const ends: (() => void)[] = []
  server.handle('hold', async (_data, context) => {
    contexts.push(context)
    await new Promise<void>((resolve) => ends.push(resolve))
  })
  onTestFinished(() => {
    for (const end of ends) end()
  })
  server.handle('count', async (to: number, { progress, signal }) => {
    for (let value = 1; value <= to && !signal.aborted; value += 1) await progress(value)
    return to
  })
  await server.ready
  return { home, server, raw: await RawConnection.open(server.endpoint!), contexts, ends }
}

const ping = { jsonrpc: '2.0', id: 'ping', method: '$/ping' }

test('each handler that runs past its deadline is answered for once, at its own time', async () => {
  const { raw, contexts } = await startServer()
  raw.send(
    { jsonrpc: '2.0', id: 1, method: 'hold', timeoutMs: 150 },
    { jsonrpc: '2.0', id: 2, method: 'hold', timeoutMs: 30 },
  )
  expect(await raw.line()).toMatchObject({ id: 2, error: { data: { code: 'REQUEST_TIMEOUT' } } })
  expect(await raw.line()).toMatchObject({ id: 1, error: { data: { code: 'REQUEST_TIMEOUT' } } })
  for (const { progress } of contexts) await progress('late')
  raw.send(ping)
  expect(await raw.line()).toMatchObject({ id: 'ping' })
})

test('a handler that first checks after the caller left finds its signal aborted', async () => {
  const { raw, contexts } = await startServer()
  raw.send(
    { jsonrpc: '2.0', id: 1, method: 'hold' },
    { jsonrpc: '2.0', method: '$/cancelRequest', params: { id: 1 } },
  )
  expect(await raw.line()).toMatchObject({ id: 1 })
  const [context] = contexts
  const { signal } = context!
  expect(signal.aborted).toBe(true)
  expect(context!.signal).toBe(signal)
})

test('the progress of a notification goes nowhere', async () => {
  const { raw } = await startServer()
  raw.send({ jsonrpc: '2.0', method: 'count', params: 3 }, ping)
  expect(await raw.line()).toMatchObject({ id: 'ping' })
})

test('a closing server refuses a request and ignores a notification', async () => {
  const { server, raw, contexts, ends } = await startServer({ closeGraceMs: 10_000 })
  raw.send({ jsonrpc: '2.0', id: 1, method: 'hold' })
  await expect.poll(() => contexts.length).toBe(1)
  const closing = server.close()
  raw.send({ jsonrpc: '2.0', method: 'hold' }, { jsonrpc: '2.0', id: 2, method: 'hold' })
  expect(await raw.line()).toMatchObject({ method: '$/closing' })
  expect(await raw.line()).toMatchObject({ id: 2, error: { message: 'the server is closing' } })
  for (const end of ends) end()
  expect(await raw.line()).toMatchObject({ id: 1, result: null })
  await closing
  expect(contexts).toHaveLength(1)
})

test('an unref-ed server does not keep the process alive through its connections', async () => {
  const { home, raw } = await startServer({ keepAlive: false })
  raw.send(ping)
  await raw.line()
  raw.socket.unref()
  const pipes = process.getActiveResourcesInfo().filter((name) => name === 'PipeWrap')
  const client = new IPCClient('cli-alpha', { home })
  onTestFinished(() => client.close())
  expect(await client.call('count', 1)).toBe(1)
  expect(process.getActiveResourcesInfo().filter((name) => name === 'PipeWrap')).toEqual(pipes)
})

test('the signal of a caller ends its stream', async () => {
  const { home } = await startServer()
  const client = new IPCClient('cli-alpha', { home })
  onTestFinished(() => client.close())
  const abort = new AbortController()
  const values: unknown[] = []
  const reading = (async () => {
    for await (const value of client.stream('count', 1e6, { signal: abort.signal })) {
      values.push(value)
      if (values.length === 3) abort.abort()
    }
  })()
  await expect(reading).rejects.toMatchObject({ name: 'AbortError' })
  expect(values.slice(0, 3)).toEqual([1, 2, 3])
})
