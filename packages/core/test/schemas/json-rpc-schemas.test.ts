import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { IPCClient, IPCServer } from '@cli-ops/shared-ipc'
import {
  cancelRequestSchema,
  closingSchema,
  pingSchema,
  pongSchema,
  progressSchema,
  rpcErrorDataSchema,
  type rpcErrorSchema,
  type rpcIdSchema,
  rpcMessageSchema,
  rpcNotificationSchema,
  rpcReplySchema,
  rpcRequestSchema,
} from '@cli-ops/shared-ipc/schemas'
import { expect, expectTypeOf, onTestFinished, test } from 'vitest'
import type * as z from 'zod'

import { createLocalDriver } from '../../src/drivers/local/local-driver.js'
import { randomId } from '../../src/base/names/random-id.js'
import type { RpcId, WireError, WireReply, WireRequest } from '../../src/rpc/contract/json-rpc.js'
import type { Pong } from '../../src/rpc/contract/ping.js'
import { linesOf } from '../fixtures/lines-of.js'
import { RawConnection } from '../fixtures/raw-connection.js'
import { temporaryHome } from '../fixtures/temporary-home.js'
import { temporaryRuntime } from '../fixtures/temporary-runtime.js'

const runtime = temporaryRuntime()

test('the schemas of the messages agree with their types', () => {
  expectTypeOf<z.output<typeof rpcIdSchema>>().toEqualTypeOf<RpcId>()
  expectTypeOf<Known<z.output<typeof rpcErrorSchema>>>().toExtend<Loosened<WireError>>()
  expectTypeOf<WireError>().toExtend<Known<z.output<typeof rpcErrorSchema>>>()
  expectTypeOf<Known<z.output<typeof rpcRequestSchema>>>().toExtend<Loosened<WireRequest>>()
  expectTypeOf<WireRequest & { id: RpcId }>().toExtend<Known<z.output<typeof rpcRequestSchema>>>()
  expectTypeOf<Known<z.output<typeof pongSchema>>>().toEqualTypeOf<Writable<Pong>>()
  expectTypeOf<z.output<typeof rpcReplySchema>>().toExtend<WireReply>()
})

test('what a server sends satisfies the schemas', async () => {
  const home = temporaryHome()
  const server = new IPCServer('cli-alpha', { home })
  server.handle('count', async (_params, { progress }) => {
    await progress({ done: 1 })
    return 'counted'
  })
  server.handle('fail', () => {
    throw Object.assign(new Error('no'), { code: 'E_NO' })
  })
  await server.ready
  const raw = await RawConnection.open(server.endpoint ?? '')

  raw.send(pingSchema.parse({ jsonrpc: '2.0', id: 0, method: '$/ping' }))
  const pong = rpcReplySchema.parse(await raw.line())
  expect(pongSchema.parse(resultOf(pong))).toMatchObject({ name: 'cli-alpha', pid: process.pid })

  raw.send(rpcRequestSchema.parse({ jsonrpc: '2.0', id: 'a', method: 'count', timeoutMs: 5000 }))
  const progress = progressSchema.parse(await raw.line())
  expect(progress.params).toEqual({ token: 'a', value: { done: 1 } })
  expect(resultOf(rpcReplySchema.parse(await raw.line()))).toBe('counted')

  raw.send({ jsonrpc: '2.0', id: null, method: 'fail' })
  const failure = rpcReplySchema.parse(await raw.line())
  expect(rpcErrorDataSchema.parse(errorOf(failure).data)).toEqual({ code: 'E_NO' })

  raw.write('nonsense\n')
  expect(errorOf(rpcReplySchema.parse(await raw.line())).code).toBe(-32700)

  raw.send([
    { jsonrpc: '2.0', id: 1, method: '$/ping' },
    { jsonrpc: '2.0', id: 2, method: 'nobody' },
  ])
  expect(rpcMessageSchema.parse(await raw.line())).toHaveLength(2)

  const closed = server.close()
  closingSchema.parse(await raw.line())
  raw.socket.end()
  await closed
})

test('what a client sends satisfies the schemas', async () => {
  const home = temporaryHome()
  const { received, endpoint, answer } = await recordingServer()
  const service = { name: 'recorder', instance: randomId(), pid: process.pid, startedAt: 1 }
  const { registry } = createLocalDriver({ home, namespace: '' })
  await registry?.register({ ...service, endpoint, metadata: {} })
  await using client = new IPCClient('recorder', { home })
  const controller = new AbortController()
  const call = client.call('slow', { n: 1 }, { signal: controller.signal, timeoutMs: 20_000 })
  pingSchema.parse(await received())
  answer({ jsonrpc: '2.0', id: 0, result: null })
  const request = rpcRequestSchema.parse(await received())
  expect(request).toMatchObject({ method: 'slow', params: { n: 1 } })
  expect(request.timeoutMs).toBeGreaterThan(0)
  controller.abort(new Error('enough'))
  await expect(call).rejects.toThrow('enough')
  expect(cancelRequestSchema.parse(await received()).params.id).toBe(request.id)
  await client.notify('note', 'hello')
  expect(rpcNotificationSchema.parse(await received())).toMatchObject({ method: 'note' })
})

test('refuses what is not a message', () => {
  const request = { jsonrpc: '2.0', id: 1, method: 'a' }
  expect(rpcRequestSchema.safeParse(request).success).toBe(true)
  const missing = { timeoutMs: null, traceparent: null }
  expect(rpcRequestSchema.safeParse({ ...request, ...missing }).success).toBe(true)
  const wrongs = [{ jsonrpc: '1.0' }, { id: {} }, { id: 2 ** 53 }, { method: 1 }, { timeoutMs: -1 }]
  for (const wrong of wrongs)
    expect(rpcRequestSchema.safeParse({ ...request, ...wrong }).success).toBe(false)
  expect(rpcNotificationSchema.safeParse(request).success).toBe(false)
  expect(rpcReplySchema.safeParse({ jsonrpc: '2.0', id: 1 }).success).toBe(false)
  expect(rpcMessageSchema.safeParse([]).success).toBe(false)
})

/** A server without the kit: it shows what it receives, line by line. */
async function recordingServer(): Promise<{
  readonly endpoint: string
  readonly received: () => Promise<unknown>
  readonly answer: (message: object) => void
}> {
  const directory = join(runtime.path, 'cli-ops')
  mkdirSync(directory, { mode: 0o700 })
  const endpoint = join(directory, 'recorder.sock')
  let peer: Socket | undefined
  const server = createServer()
  server.listen(endpoint)
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const lines = (async function* () {
    const [socket] = (await once(server, 'connection')) as [Socket]
    peer = socket
    onTestFinished(() => void socket.destroy())
    yield* linesOf(socket)
  })()
  return {
    endpoint,
    received: async () => {
      const { value } = (await lines.next()) as { value: string }
      return JSON.parse(value) as unknown
    },
    answer: (message) => peer?.write(`${JSON.stringify(message)}\n`),
  }
}

function resultOf(reply: z.output<typeof rpcReplySchema>): unknown {
  return 'result' in reply ? reply.result : expect.fail('the reply has no result')
}

function errorOf(reply: z.output<typeof rpcReplySchema>): z.output<typeof rpcErrorSchema> {
  if (!('error' in reply)) expect.fail('the reply has no error')
  return reply.error as z.output<typeof rpcErrorSchema>
}

/** The members that a schema lists, without the ones it lets through. */
type Known<T> = T extends unknown
  ? { [Key in keyof T as string extends Key ? never : Key]: T[Key] }
  : never
type Writable<T> = { -readonly [Key in keyof T]: T[Key] }
/** Optional members of a schema's output may also be `undefined`. */
type Loosened<T> = { [Key in keyof T]: undefined extends T[Key] ? T[Key] | undefined : T[Key] }
