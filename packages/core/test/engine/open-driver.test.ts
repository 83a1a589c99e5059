import { beforeEach, describe, expect, test } from 'vitest'

import { openDriver } from '../../src/engine/open-driver.js'
import { LinkedProgram } from '../fixtures/linked-program.js'

test('drivers of one place are shared until their last user has gone', async () => {
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
])('%s says immediately that leaseMs is wrong, and loads %s only when it is used', (url) => {
  const options = { url, home: '/nowhere', disabled: false }
  expect(() => openDriver({ ...options, leaseMs: 1 }, 'locks')).toThrow('leaseMs must be')
  expect(openDriver(options, 'locks').now).toBeUndefined()
})

test.each(['wss://secret@h', 'ws://u:secret@h', 'wss://h/?token=secret'])(
  'refuses the URL %j of a hub unseen',
  (url) => {
    const open = (): unknown => openDriver({ url, home: '/nowhere', disabled: false }, 'locks')
    expect(open).toThrow('must not have a user name, password or query; give the access key in')
    expect(open).not.toThrow('secret')
  },
)

test.each(['http://u:secret@ h', 'secret', 'redis', ''])('refuses the URL %j unseen', (url) => {
  const open = (): unknown => openDriver({ url, home: '/nowhere', disabled: false }, 'locks')
  expect(open).toThrow(/^url must be a URL such as redis:\/\/host:6379, got one with /u)
  expect(open).not.toThrow('secret')
})

test('names the URL of one primitive', () => {
  const options = { home: '/nowhere', disabled: false, url: { rpc: 'local:', locks: 'redis' } }
  expect(() => openDriver(options, 'locks')).toThrow(/^url\.locks must be a URL/u)
})

describe('in a program with its own packages', () => {
  let program: LinkedProgram
  beforeEach(() => {
    program = new LinkedProgram()
  })

  test('a driver is loaded from the program’s packages', async () => {
    program.install(
      '@cli-ops/driver-amqp',
      `export const createDriver = ({ url, credentials }) => ({
        name: 'stub',
        capabilities: {},
        instead: { locks: 'set CLI_OPS_LOCKS_URL to a redis:// URL' },
        registry: { discover: () => [{ name: url.href, pid: 1, ...credentials() }] },
        close: async () => {},
      })`,
    )
    expect(await program.use('amqp://bob:secret@h')).toEqual({
      found: [{ name: 'amqp://h', pid: 1, username: 'bob', password: 'secret' }],
      locks: {
        code: 'UNSUPPORTED',
        message: 'the stub driver has no locks; set CLI_OPS_LOCKS_URL to a redis:// URL',
      },
    })
  })

  test('a missing driver is named', async () => {
    const missing = {
      code: 'DRIVER_MISSING',
      message: 'the URL needs a package: npm install @cli-ops/driver-amqp amqplib',
    }
    expect(await program.use('amqp://h')).toEqual({ found: missing, locks: missing })
  })

  test('a client library that the driver lacks is named', async () => {
    program.install(
      '@cli-ops/driver-amqp',
      `import 'an-engine-client'; export const createDriver = 1`,
    )
    const message = 'the URL needs a package: npm install @cli-ops/driver-amqp an-engine-client'
    expect(await program.use('amqp://h')).toMatchObject({
      found: { code: 'DRIVER_MISSING', message },
    })
  })
})
