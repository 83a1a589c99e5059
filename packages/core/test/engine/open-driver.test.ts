import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'

import { openDriver } from '../../src/engine/open-driver.js'
import { startScript } from '../fixtures/start-script.js'

const KIT = fileURLToPath(new URL('../../', import.meta.url))
const MAIN = `
  import { LockManager, ServiceRegistry } from '@cli-ops/shared-ipc'
  const describe = ({ code, message }) => ({ code, message })
  const found = await new ServiceRegistry().discover().catch(describe)
  const locks = await new LockManager().list().catch(describe)
  console.log(JSON.stringify({ found, locks }))`

/** What the program has found. */
type Used = Readonly<Record<'found' | 'locks', unknown>>

test('drivers of one place are shared until the last user has gone', async () => {
  const options = { url: 'memory:', home: '/nowhere', namespace: 'shared', disabled: false }
  const [one, other] = [openDriver(options, 'locks'), openDriver(options, 'events')]
  expect(await one.open()).toBe(await other.open())
  await one.close()
  await one.close()
  await expect(one.open()).rejects.toMatchObject({ code: 'CLOSED' })
  const third = openDriver(options, 'locks')
  expect(await third.open()).toBe(await other.open())
  await Promise.all([other.close(), third.close()])
  const fresh = openDriver(options, 'locks')
  expect(await fresh.open()).not.toBe(await third.open().catch(() => undefined))
  await fresh.close()
})

test.each([
  ['redis://u:secret@h', '@cli-ops/driver-redis'],
  ['rediss://u:secret@h', '@cli-ops/driver-redis'],
  ['amqps://u:secret@h', '@cli-ops/driver-amqp'],
  ['wss://h', '@cli-ops/driver-websocket'],
])('%s says at once that leaseMs is wrong, and loads %s only when it is used', (url) => {
  const options = { url, home: '/nowhere', disabled: false }
  expect(() => openDriver({ ...options, leaseMs: 1 }, 'locks')).toThrow('leaseMs must be')
  expect(openDriver(options, 'locks').now).toBeUndefined()
})

test.each(['wss://secret@h', 'ws://u:secret@h', 'wss://h/?token=secret'])(
  'the URL %j of a hub is refused unseen',
  (url) => {
    const open = (): unknown => openDriver({ url, home: '/nowhere', disabled: false }, 'locks')
    expect(open).toThrow('must not have a user name, password or query; give the access key in')
    expect(open).not.toThrow('secret')
  },
)

test.each(['http://u:secret@h', 'secret', 'redis', ''])('the URL %j is refused unseen', (url) => {
  const open = (): unknown => openDriver({ url, home: '/nowhere', disabled: false }, 'locks')
  expect(open).toThrow(/^url must begin with one of local:, memory:, redis:/u)
  expect(open).not.toThrow('secret')
})

describe('in a program with packages of its own', () => {
  let program: string
  beforeEach(() => {
    const root = mkdtempSync(join(tmpdir(), 'cli-ops-'))
    onTestFinished(() => {
      rmSync(root, { recursive: true, force: true })
    })
    // A kit that is linked from elsewhere, where it finds no package of the program's.
    const kit = join(root, 'kit')
    cpSync(join(KIT, 'package.json'), join(kit, 'package.json'))
    cpSync(join(KIT, 'dist'), join(kit, 'dist'), { recursive: true })
    program = join(root, 'program')
    mkdirSync(join(program, 'node_modules/@cli-ops'), { recursive: true })
    symlinkSync(kit, join(program, 'node_modules/@cli-ops/shared-ipc'))
    writeFileSync(join(program, 'main.mjs'), MAIN)
  })
  function install(name: string, source: string): void {
    const directory = join(program, 'node_modules', name)
    mkdirSync(directory, { recursive: true })
    writeFileSync(
      join(directory, 'package.json'),
      JSON.stringify({ name, type: 'module', exports: './index.js' }),
    )
    writeFileSync(join(directory, 'index.js'), source)
  }

  async function use(url: string): Promise<Used> {
    const env = { CLI_OPS_URL: url, CLI_OPS_HOME: join(program, 'home') }
    return JSON.parse(await startScript(join(program, 'main.mjs'), [], env).line()) as Used
  }

  test('a driver is loaded from the packages of the program', async () => {
    install(
      '@cli-ops/driver-amqp',
      `export const createDriver = ({ url, credentials }) => ({
        name: 'stub',
        capabilities: {},
        instead: { locks: 'set CLI_OPS_LOCKS_URL to a redis:// URL' },
        registry: { discover: () => [{ name: url.href, pid: 1, ...credentials() }] },
        close: async () => {},
      })`,
    )
    expect(await use('amqp://bob:secret@h')).toEqual({
      found: [{ name: 'amqp://h', pid: 1, username: 'bob', password: 'secret' }],
      locks: {
        code: 'UNSUPPORTED',
        message: 'the stub driver has no locks; set CLI_OPS_LOCKS_URL to a redis:// URL',
      },
    })
  })

  test('a driver that is missing is named', async () => {
    const missing = {
      code: 'DRIVER_MISSING',
      message: 'the URL needs a package: npm install @cli-ops/driver-amqp',
    }
    expect(await use('amqp://h')).toEqual({ found: missing, locks: missing })
  })

  test('a client library that the driver is missing is named', async () => {
    install('@cli-ops/driver-amqp', `import 'an-engine-client'; export const createDriver = 1`)
    const message = 'the URL needs a package: npm install @cli-ops/driver-amqp an-engine-client'
    expect(await use('amqp://h')).toMatchObject({ found: { code: 'DRIVER_MISSING', message } })
  })
})
