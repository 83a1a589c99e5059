import { IPCServer, type IPCServerOptions } from '@cli-ops/shared-ipc'
import { onTestFinished } from 'vitest'

import { inAnyOrder, objectWith } from '../fixtures/matchers.js'
import { temporaryHome } from '../fixtures/temporary-home.js'

/** Starts the server that the cases are about. */
export async function startServer(options: IPCServerOptions = {}) {
  const home = temporaryHome()
  const server = new IPCServer('cli-alpha', { home, closeGraceMs: 0, ...options })
  onTestFinished(() => server.close())
  const told: unknown[] = []
  server.handle('echo', (data) => data ?? 'nothing')
  server.handle('tell', (data) => void told.push(data))
  server.handle('told', () => told)
  server.handle('never', (_data, { signal }) => {
    return new Promise((resolve) => signal.addEventListener('abort', () => resolve('stopped')))
  })
  server.handle('fail', () => {
    throw Object.assign(new Error('failed'), { code: 'E_TEST' })
  })
  server.handle<number>('count', async (to, { progress }) => {
    for (let value = 1; value <= to; value += 1) await progress(value)
    return to
  })
  await server.ready
  return { home, server, endpoint: server.endpoint! }
}

/** Makes a request. */
export const request = (
  id: unknown,
  method: string,
  params?: unknown,
  more: object = {},
): object => ({
  jsonrpc: '2.0',
  id,
  method,
  params,
  ...more,
})

/** What a client sends, and what it must be answered. */
export interface WireCase {
  readonly sent: unknown[]
  readonly received: unknown[]
}

/** What an error reply looks like. */
export const error = (id: unknown, code: number): unknown => ({
  jsonrpc: '2.0',
  id,
  error: objectWith({ code }),
})
/** A reply with a result. */
export const result = (id: unknown, value: unknown): unknown => ({
  jsonrpc: '2.0',
  id,
  result: value,
})

/** What any client may do, whatever its framing. */
export const CASES: Record<string, WireCase> = {
  'a string id': { sent: [request('a', 'echo', [1])], received: [result('a', [1])] },
  'id zero': { sent: [request(0, 'echo', [1])], received: [result(0, [1])] },
  'a null id': { sent: [request(null, 'echo', [1])], received: [result(null, [1])] },
  'no params': { sent: [request(1, 'echo')], received: [result(1, 'nothing')] },
  'a plain value as params': { sent: [request(1, 'echo', 'x')], received: [result(1, 'x')] },
  'null as params': { sent: [request(1, 'echo', null)], received: [result(1, 'nothing')] },
  unicode: {
    sent: [request(1, 'echo', ['ü€😀\u0000\n'])],
    received: [result(1, ['ü€😀\u0000\n'])],
  },
  'no result': { sent: [request(1, 'tell')], received: [result(1, null)] },
  'an unknown method': { sent: [request(1, 'nope')], received: [error(1, -32601)] },
  'a prototype name': { sent: [request(1, '__proto__')], received: [error(1, -32601)] },
  'another prototype name': { sent: [request(1, 'constructor')], received: [error(1, -32601)] },
  'an unknown control request': { sent: [request(1, '$/nope')], received: [error(1, -32601)] },
  'a failing handler': {
    sent: [request(1, 'fail')],
    received: [
      {
        jsonrpc: '2.0',
        id: 1,
        error: { code: -32000, message: 'failed', data: { code: 'E_TEST' } },
      },
    ],
  },
  'a ping': {
    sent: [request(7, '$/ping')],
    received: [result(7, objectWith({ name: 'cli-alpha', pid: process.pid }))],
  },
  'no version': { sent: [{ id: 1, method: 'echo' }], received: [error(1, -32600)] },
  'another version': {
    sent: [{ jsonrpc: '1.0', id: 1, method: 'echo' }],
    received: [error(1, -32600)],
  },
  'a method that is no string': { sent: [request(1, 5 as never)], received: [error(1, -32600)] },
  'an id that is an object': { sent: [request({}, 'echo')], received: [error(null, -32600)] },
  'an id of megabytes': {
    sent: [request('x'.repeat(5000), 'echo')],
    received: [error(null, -32600)],
  },
  'a plain value': { sent: [42], received: [error(null, -32600)] },
  null: { sent: [null], received: [error(null, -32600)] },
  'an empty object': { sent: [{}], received: [error(null, -32600)] },
  'an empty batch': { sent: [[]], received: [error(null, -32600)] },
  'a batch': {
    sent: [[request(1, 'echo', [1]), request(2, 'echo', [2])]],
    received: [[result(1, [1]), result(2, [2])]],
  },
  'a batch with everything': {
    sent: [[request(1, 'echo', [1]), 5, { jsonrpc: '2.0', method: 'tell' }, request(3, 'nope')]],
    received: [inAnyOrder([result(1, [1]), error(null, -32600), error(3, -32601)])],
  },
  'a batch of too many': {
    sent: [Array.from({ length: 1001 }, () => 1)],
    received: [error(null, -32600)],
  },
  'a batch of notifications, not answered': {
    sent: [[{ jsonrpc: '2.0', method: 'tell', params: ['b'] }], request(1, 'told')],
    received: [result(1, [['b']])],
  },
  'a notification, not answered': {
    sent: [{ jsonrpc: '2.0', method: 'tell', params: ['n'] }, request(1, 'told')],
    received: [result(1, [['n']])],
  },
  'an unknown notification, not answered': {
    sent: [
      { jsonrpc: '2.0', method: 'nope' },
      { jsonrpc: '2.0', method: '$/nope' },
      request(1, 'echo', [1]),
    ],
    received: [result(1, [1])],
  },
  'stray replies, not answered': {
    sent: [
      result(9, 1),
      { jsonrpc: '2.0', id: 9, error: { code: 1, message: 'x' } },
      request(1, 'echo', [1]),
    ],
    received: [result(1, [1])],
  },
  'a cancelled request': {
    sent: [request(1, 'never'), { jsonrpc: '2.0', method: '$/cancelRequest', params: { id: 1 } }],
    received: [error(1, -32800)],
  },
  'cancelling nothing': {
    sent: [
      { jsonrpc: '2.0', method: '$/cancelRequest', params: { id: 99 } },
      { jsonrpc: '2.0', method: '$/cancelRequest' },
      request(1, 'echo', [1]),
    ],
    received: [result(1, [1])],
  },
  'a deadline': {
    sent: [request(1, 'never', [], { timeoutMs: 20 })],
    received: [error(1, -32002)],
  },
  'a deadline that is no number': {
    sent: [request(1, 'echo', [], { timeoutMs: 'soon' })],
    received: [error(1, -32600)],
  },
  'an endless deadline': {
    sent: [request(1, 'echo', [1], { timeoutMs: 1e300 })],
    received: [result(1, [1])],
  },
  'an id that is in use': {
    sent: [request(1, 'never'), request(1, 'echo', [])],
    received: [error(1, -32600)],
  },
  progress: {
    sent: [request(5, 'count', 2)],
    received: [
      { jsonrpc: '2.0', method: '$/progress', params: { token: 5, value: 1 } },
      { jsonrpc: '2.0', method: '$/progress', params: { token: 5, value: 2 } },
      result(5, 2),
    ],
  },
  'members nobody knows': {
    sent: [request(1, 'echo', [1], { __extra: {}, traceparent: '00-x' })],
    received: [result(1, [1])],
  },
  'large, but within the limit': {
    sent: [request(1, 'echo', ['x'.repeat(900_000)])],
    received: [result(1, ['x'.repeat(900_000)])],
  },
  'many at once': {
    sent: Array.from({ length: 300 }, (_, id) => request(id, 'echo', [id])),
    received: Array.from({ length: 300 }, (_, id) => result(id, [id])),
  },
}
