import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { once } from 'node:events'
import { dirname, join } from 'node:path'
import { IPCClient, IPCServer } from '@cli-ops/shared-ipc'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { containing } from '../../../fixtures/matchers.js'
import { namesIn, temporaryHome } from '../../../fixtures/temporary-home.js'
import { temporaryRuntime } from '../../../fixtures/temporary-runtime.js'

const runtime = temporaryRuntime()

function startServer(home: string, name = 'cli-alpha'): IPCServer {
  const server = new IPCServer(name, { home })
  onTestFinished(() => server.close())
  return server
}

test('is created for this user only, below XDG_RUNTIME_DIR', async () => {
  const server = startServer(temporaryHome())
  await server.ready
  expect(dirname(server.endpoint!)).toBe(join(runtime.path, 'cli-ops'))
  expect(statSync(dirname(server.endpoint!)).mode & 0o777).toBe(0o700)
})

describe('is refused, with nothing changed or written,', () => {
  const directory = (): string => join(runtime.path, 'cli-ops')
  test.each<[string, () => void, string, string]>([
    [
      'open to others',
      () => {
        mkdirSync(directory())
        chmodSync(directory(), 0o755)
      },
      'INSECURE_DIRECTORY',
      'chmod 700',
    ],
    [
      'of another user',
      () => {
        mkdirSync(directory(), 0o700)
        chownSync(directory(), 12345, 12345)
      },
      'INSECURE_DIRECTORY',
      'belongs to uid 12345',
    ],
    [
      'a symbolic link',
      () => {
        mkdirSync(join(runtime.path, 'real'), 0o700)
        symlinkSync('real', directory())
      },
      'INSECURE_DIRECTORY',
      'set XDG_RUNTIME_DIR',
    ],
    [
      'a file',
      () => {
        writeFileSync(directory(), '')
      },
      'STORAGE_FAILED',
      'not a directory',
    ],
  ])('if it is %s', async (_name, prepare, code, hint) => {
    prepare()
    const home = temporaryHome()
    const mode = statSync(directory()).mode
    const server = startServer(home)
    await expect(server.ready).rejects.toMatchObject({
      code,
      message: containing(hint),
    })
    expect(statSync(directory()).mode).toBe(mode)
    expect(namesIn(directory())).toEqual([])
    expect(namesIn(home, 'registry')).toEqual([])
  })

  test('by the client as well: a stranger could listen there', async () => {
    const home = temporaryHome()
    const server = startServer(home)
    server.on('request', () => 'secret')
    await server.ready
    const client = new IPCClient('cli-alpha', { home })
    onTestFinished(() => client.close())
    chmodSync(dirname(server.endpoint!), 0o777)
    await expect(client.request('secret')).rejects.toMatchObject({ code: 'INSECURE_DIRECTORY' })
    chmodSync(dirname(server.endpoint!), 0o700)
    expect(await client.request('secret')).toBe('secret')
  })
})

describe('falls back to the temporary directory', () => {
  test.each<[string, () => string]>([
    ['too long for a socket', () => join(runtime.path, 'x'.repeat(90))],
    ['missing', () => join(runtime.path, 'missing')],
    [
      'of another user, as sudo leaves it',
      () => {
        const path = join(runtime.path, 'other')
        mkdirSync(path)
        chownSync(path, 12345, 12345)
        return path
      },
    ],
    ['relative', () => 'relative/path'],
    ['empty', () => ''],
    ['below a file', () => '/dev/null/run'],
  ])('if XDG_RUNTIME_DIR is %s', async (_name, make) => {
    const path = make()
    if (path.length > 100) mkdirSync(path)
    process.env['XDG_RUNTIME_DIR'] = path
    const server = startServer(temporaryHome())
    await server.ready
    expect(dirname(server.endpoint!)).toMatch(/\/cli-ops-\d+$/u)
    expect(Buffer.byteLength(server.endpoint!)).toBeLessThanOrEqual(103)
    await server.close()
    expect(existsSync(path) ? namesIn(path) : []).toEqual([])
  })
})

describe('falls back to /tmp', () => {
  test.each<[string, () => string]>([
    ['missing', () => join(runtime.path, 'missing')],
    ['relative', () => 'relative/path'],
    [
      'a file',
      () => {
        const path = join(runtime.path, 'file')
        writeFileSync(path, '')
        return path
      },
    ],
  ])('if the temporary directory is %s', async (_name, make) => {
    const home = temporaryHome()
    vi.stubEnv('XDG_RUNTIME_DIR', undefined)
    vi.stubEnv('TMPDIR', make())
    onTestFinished(() => void vi.unstubAllEnvs())
    const server = startServer(home)
    await server.ready
    expect(dirname(server.endpoint!)).toMatch(/^\/tmp\/cli-ops-\d+$/u)
    await server.close()
  })
})

test('a name of a thousand bytes makes a socket path that is not truncated', async () => {
  const home = temporaryHome()
  const name = 'ü'.repeat(500)
  const server = startServer(home, name)
  server.on('request', (data) => data)
  await server.ready
  const client = new IPCClient(name, { home })
  onTestFinished(() => client.close())
  expect(await client.request('hello')).toBe('hello')
  expect(existsSync(server.endpoint!)).toBe(true)
})

test('closing removes its own socket and no other', async () => {
  const home = temporaryHome()
  const [first, second] = [startServer(home), startServer(home)]
  await Promise.all([first.ready, second.ready])
  const kept = second.endpoint!
  // A stranger in the same directory, and a file in place of the first one.
  const foreign = createServer().listen(join(dirname(kept), 'foreign.sock'))
  await once(foreign, 'listening')
  onTestFinished(() => void foreign.close())
  await first.close()
  expect(namesIn(dirname(kept)).sort()).toEqual(
    [kept.slice(dirname(kept).length + 1), 'foreign.sock'].sort(),
  )
  const client = new IPCClient('cli-alpha', { home })
  onTestFinished(() => client.close())
  second.on('request', () => 'still here')
  expect(await client.request()).toBe('still here')
})
