import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'

import { hashAccessKey } from '@cli-ops/driver-websocket/hub'
import { createCoordinator } from '@cli-ops/shared-ipc'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'

import { openAt } from './drivers.js'
import { HubProcess } from './hub-process.js'

const SECRET = 'secret-of-the-client-tests'
const keys = [
  { name: 'ci', hash: hashAccessKey(SECRET), scopes: ['read', 'emit', 'lock', 'call'] as const },
]

describe('a client', () => {
  let hub: HubProcess
  beforeAll(async () => {
    vi.stubEnv('CLI_OPS_TOKEN', SECRET)
    hub = await HubProcess.start({ keys })
  })
  afterAll(async () => {
    await hub.stop()
    vi.unstubAllEnvs()
  })

  /** Runs a program with its own coordinator. */
  async function run(program: string, env: NodeJS.ProcessEnv = {}): Promise<string> {
    const head = `import { createCoordinator } from '@cli-ops/shared-ipc'
      const ops = createCoordinator({ name: 'remote' })\n`
    const child = spawn(process.execPath, ['--input-type=module', '-e', head + program], {
      cwd: import.meta.dirname,
      env: {
        ...process.env,
        CLI_OPS_URL: hub.url,
        CLI_OPS_HOME: '/nowhere',
        CLI_OPS_DISABLED: '',
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    child.stdout.on('data', (data) => (output += String(data)))
    child.stderr.on('data', (data) => (output += String(data)))
    await once(child, 'close')
    return output
  }

  test('in another process answers a process on the hub’s machine, and calls it', async () => {
    const beside = createCoordinator({
      name: 'beside',
      url: 'local:',
      home: hub.home,
      disabled: false,
    })
    const server = beside.serve()
    server.handle('double', (value) => Number(value) * 2)
    await server.ready
    const remote = createCoordinator({ name: 'remote', url: hub.url, disabled: false })
    expect(await remote.connect('beside').call('double', 21)).toBe(42)
    const own = remote.serve()
    own.handle('triple', async (value, { progress }) => {
      await progress('soon')
      return Number(value) * 3
    })
    await own.ready
    expect(await beside.connect('remote').call('triple', 14)).toBe(42)
    await Promise.all([remote.close(), beside.close()])
  })

  test('keeps no idle process alive', async () => {
    const program = `
      await ops.locks.isLocked('db')
      await ops.registry.register('remote')
      await ops.events.emit('a:b', 1)
      console.log('done')`
    expect(await run(program)).toBe('done\n')
  })

  test('says what it needs if there is no token, and does not print a wrong one', async () => {
    const program = `await ops.locks.list().catch((error) => console.log(error.code, error.message))`
    expect(await run(program, { CLI_OPS_TOKEN: '' })).toMatch(
      /^FORBIDDEN ws:\/\/127\.0\.0\.1:\d+\/ needs an access key: set CLI_OPS_TOKEN/u,
    )
    const wrong = await run(program, { CLI_OPS_TOKEN: 'not-the-secret' })
    expect(wrong).toMatch(
      /^FORBIDDEN .* does not accept the access key: .*see CLI_OPS_TOKEN and CLI_OPS_TOKEN_FILE/u,
    )
    expect(wrong).not.toContain('not-the-secret')
  })

  test.each(['ws://192.0.2.1:1', 'ws://[2001:db8::1]:1', 'ws://cli-ops.invalid:1'])(
    'sends no token unencrypted to %s',
    async (url) => {
      await expect(openAt(url, { token: SECRET, timeoutMs: 2_000 })).rejects.toThrow(
        /use wss:\/\/|ENOTFOUND|EAI_AGAIN/u,
      )
    },
  )

  test.each([
    ['ws', 'greets', '+hello\r\n', 'begins with wss://'],
    ['ws', 'hangs up', '', 'begins with wss://'],
    ['wss', 'greets', '+hello\r\n', 'begins with ws://'],
    ['wss', 'hangs up', '', 'begins with ws://'],
  ])('names the other scheme if at %s: another service %s', async (scheme, _, text, remedy) => {
    const server = createServer((socket) => {
      socket.on('error', () => undefined)
      socket.once('data', () => socket.end(text))
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    await expect(openAt(`${scheme}://127.0.0.1:${port}`, { token: SECRET })).rejects.toMatchObject({
      code: 'ENGINE_UNAVAILABLE',
      message: expect.stringContaining(remedy) as unknown,
    })
    server.close()
  })

  test('ends its connection to a server that is not a hub', async () => {
    const server = createServer((socket) => {
      socket.on('error', () => undefined)
      socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi')
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const url = `ws://127.0.0.1:${port}`
    await expect(openAt(url, { token: SECRET })).rejects.toMatchObject({
      code: 'ENGINE_UNAVAILABLE',
    })
    server.close()
  })
})
