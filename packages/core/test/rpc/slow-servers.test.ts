import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { symlinkSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { IPCClient } from '@cli-ops/shared-ipc'
import { describe, expect, onTestFinished, test } from 'vitest'
import { nodeFileSystem } from '../../src/drivers/local/home/file-system.js'
import { connectSocket } from '../../src/drivers/local/rpc/connect-socket.js'
import { pingEndpoint } from '../../src/drivers/local/rpc/ping-endpoint.js'
import { reply, startForeignServer } from '../fixtures/start-foreign-server.js'
import { temporaryHome } from '../fixtures/temporary-home.js'
import { temporaryRuntime } from '../fixtures/temporary-runtime.js'

temporaryRuntime()

/** More than a socket takes unread, but within the limit of a message. */
const FILLER = 'x'.repeat(900_000)

describe('to a server that does not read for a while', () => {
  async function stopped() {
    const home = temporaryHome()
    const got: unknown[] = []
    let socket: Socket | undefined
    await startForeignServer(home, 'foreign', {
      onRequest: ({ id, method }, from) => {
        got.push(method)
        if (method === 'stop') {
          socket = from
          from.pause()
        }
        from.write(`${JSON.stringify(reply(id, method))}\n`)
      },
    })
    const client = new IPCClient('foreign', { home })
    onTestFinished(() => client.close())
    await client.call('stop')
    return { client, got, socket: socket! }
  }

  test('requests wait unsent and go out in order, except those that were given up', async () => {
    const { client, got, socket } = await stopped()
    const abort = new AbortController()
    const first = client.call('first', FILLER)
    const expired = client.call('expired', 1, { timeoutMs: 40 })
    const aborted = client.call('aborted', 1, { signal: abort.signal })
    const others = [client.call('second', FILLER), client.call('third', FILLER)]
    await expect(expired).rejects.toMatchObject({
      code: 'NO_RESPONDER',
      message: expect.stringContaining('nothing was sent') as string,
    })
    abort.abort()
    await expect(aborted).rejects.toMatchObject({ name: 'AbortError' })
    socket.resume()
    expect(await Promise.all([first, ...others])).toEqual(['first', 'second', 'third'])
    expect(got).toEqual(['stop', 'first', 'second', 'third'])
  })

  test('and that ends in that state, all requests are rejected', async () => {
    const { client, got, socket } = await stopped()
    const calls = [client.call('first', FILLER), client.call('second', 1)]
    const outcomes = Promise.allSettled(calls)
    socket.destroy()
    expect(await outcomes).toMatchObject([
      { reason: { code: 'CONNECTION_LOST' } },
      { reason: { code: 'CONNECTION_LOST' } },
    ])
    expect(got).toEqual(['stop'])
  })
})

test.runIf(process.platform === 'linux')(
  'if the kernel’s queue of connections is full, the client retries until there is room',
  async () => {
    const endpoint = join(temporaryHome(), 'full.sock')
    const script = `require('node:net').createServer(() => {}).listen({ path: ${JSON.stringify(endpoint)}, backlog: 1 }, () => console.log('up'))`
    const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
    onTestFinished(() => void child.kill('SIGKILL'))
    await once(child.stdout, 'data')
    child.kill('SIGSTOP')
    for (let full = false; !full;) {
      const socket = connect(endpoint)
      onTestFinished(() => void socket.destroy())
      full = await new Promise<boolean>((resolve, reject) => {
        socket.on('connect', () => resolve(false))
        socket.on('error', (error: NodeJS.ErrnoException) => {
          if (error.code === 'EAGAIN') resolve(true)
          else reject(error)
        })
      })
    }
    const connecting = connectSocket(endpoint, AbortSignal.timeout(20_000))
    expect(await pingEndpoint(endpoint, nodeFileSystem)).toBe('silent')
    child.kill('SIGCONT')
    const socket = await connecting
    expect(socket.readyState).toBe('open')
    socket.destroy()
  },
)

test('a failure to reach an endpoint does not prove its owner gone unless it says so', async () => {
  const endpoint = join(temporaryHome(), 'loop.sock')
  symlinkSync(endpoint, endpoint)
  expect(await pingEndpoint(endpoint, nodeFileSystem)).toBe('answered')
})
