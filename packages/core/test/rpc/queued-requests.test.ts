import { CliOpsError, IPCClient, IPCServer, ServiceRegistry } from '@cli-ops/shared-ipc'
import { describe, expect, onTestFinished, test } from 'vitest'
import { containing } from '../fixtures/matchers.js'
import { RawConnection } from '../fixtures/raw-connection.js'
import { temporaryHome } from '../fixtures/temporary-home.js'
import { temporaryRuntime } from '../fixtures/temporary-runtime.js'

temporaryRuntime()

async function startServer(home: string, options: object = {}): Promise<IPCServer> {
  const server = new IPCServer('cli-alpha', { home, closeGraceMs: 0, ...options })
  onTestFinished(() => server.close())
  await server.ready
  return server
}

const request = (id: number, method: string, params?: unknown): object => ({
  jsonrpc: '2.0',
  id,
  method,
  params,
})

describe('a request beyond maxInFlight is queued', () => {
  async function stagedQueue(...names: string[]) {
    const server = await startServer(temporaryHome(), { maxInFlight: 1 })
    const begun: unknown[] = []
    const waiting: (() => void)[] = []
    server.handle('wait', async (name) => {
      begun.push(name)
      await new Promise<void>((resolve) => waiting.push(resolve))
      return name
    })
    const raw = await RawConnection.open(server.endpoint!)
    for (const [id, name] of names.entries()) raw.send(request(id + 1, 'wait', name))
    return { raw, begun, goOn: () => waiting.shift()?.() }
  }

  test('and begins in its turn', async () => {
    const { raw, begun, goOn } = await stagedQueue('first', 'second', 'third')
    for (const [id, name] of ['first', 'second', 'third'].entries()) {
      await expect.poll(() => begun.length).toBe(id + 1)
      goOn()
      expect(await raw.line()).toMatchObject({ id: id + 1, result: name })
    }
    expect(begun).toEqual(['first', 'second', 'third'])
  })

  // Nothing more of a connection is read by then, so only messages that arrived together can be in the queue.
  test('where another message of its batch can cancel it, and it then never begins', async () => {
    const { raw, begun, goOn } = await stagedQueue()
    const names = ['first', 'second', 'third']
    const cancellations = [{ id: 2 }, { id: 77 }, {}, 5].map((params, index) =>
      request(10 + index, '$/cancelRequest', params),
    )
    raw.send([...names.map((name, id) => request(id + 1, 'wait', name)), ...cancellations])
    for (const name of ['first', 'third']) {
      await expect.poll(() => begun.at(-1)).toBe(name)
      goOn()
    }
    const replies = (await raw.line()) as { id: number; result?: unknown }[]
    expect(new Map(replies.map(({ id, result }) => [id, result]))).toEqual(
      new Map<number, unknown>([
        [1, 'first'],
        [2, undefined],
        [3, 'third'],
        [10, null],
        [11, null],
        [12, null],
        [13, null],
      ]),
    )
    expect(begun).toEqual(['first', 'third'])
  })
})

test('a handler’s error reaches the caller, as far as it can be serialised', async () => {
  const home = temporaryHome()
  const server = await startServer(home)
  const details: Record<string, unknown> = { resource: 'db' }
  server.handle('held', () => {
    throw new CliOpsError('LOCK_HELD', 'the lock is held', { details })
  })
  server.handle('text', () => {
    // eslint-disable-next-line @typescript-eslint/only-throw-error
    throw 'only a text'
  })
  const client = new IPCClient('cli-alpha', { home })
  onTestFinished(() => client.close())
  await expect(client.call('held')).rejects.toMatchObject({
    message: containing('the lock is held'),
  })
  details['itself'] = details
  await expect(client.call('held')).rejects.toMatchObject({
    message: containing('the lock is held'),
  })
  await expect(client.call('text')).rejects.toMatchObject({ message: containing('only a text') })
})

describe('a client', () => {
  test('of a CLI that runs but does not serve is told so', async () => {
    const home = temporaryHome()
    const registry = new ServiceRegistry({ home })
    onTestFinished(() => registry.close())
    await registry.register('cli-beta')
    const client = new IPCClient('cli-beta', { home })
    onTestFinished(() => client.close())
    await expect(client.call('x', 1, { waitMs: 0 })).rejects.toMatchObject({
      code: 'NO_RESPONDER',
      message: containing('does not answer requests'),
    })
  })

  test('that was closed sends no more requests', async () => {
    const home = temporaryHome()
    const server = await startServer(home)
    server.handle('echo', (data) => data)
    const client = new IPCClient('cli-alpha', { home })
    expect(await client.call('echo', 1)).toBe(1)
    await client.close()
    await expect(client.call('echo', 2)).rejects.toMatchObject({ code: 'CLOSED' })
    await expect(client.notify('echo', 2)).rejects.toMatchObject({ code: 'CLOSED' })
  })

  test('that picks at random is answered by some of them', async () => {
    const home = temporaryHome()
    for (let count = 0; count < 3; count += 1) {
      const server = await startServer(home)
      server.handle('echo', (data) => data)
    }
    const client = new IPCClient('cli-alpha', { home, pick: 'random' })
    onTestFinished(() => client.close())
    expect(await client.call('echo', 'fine')).toBe('fine')
  })
})

describe('a wrong argument names the option, the rule and the value', () => {
  test.each<[object, RegExp]>([
    [{ version: 5 }, /^version must be a string, got 5/u],
    [{ keepAlive: 'yes' }, /^keepAlive/u],
  ])('of a server: %j', (options, message) => {
    expect(() => new IPCServer('cli-alpha', { home: temporaryHome(), ...options })).toThrow(message)
  })

  test.each([5, null, 'text', {}, { '~standard': {} }, (): void => undefined])(
    'of a method, for %o, which is not a schema',
    (input) => {
      const server = new IPCServer('cli-alpha', { home: temporaryHome() })
      onTestFinished(() => server.close())
      expect(() => server.handle('x', { input: input as never }, () => undefined)).toThrow(
        /^input must be a Standard Schema/u,
      )
    },
  )
})
