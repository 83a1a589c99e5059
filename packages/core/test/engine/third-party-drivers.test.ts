import { join } from 'node:path'

import { beforeEach, describe, expect, test } from 'vitest'

import { LinkedProgram } from '../fixtures/linked-program.js'

/** A driver that shows what it was made of. */
const DRIVER = `export const createDriver = ({ url, credentials }) => ({
  name: 'stub',
  capabilities: {},
  registry: { discover: () => [{ name: url.href, pid: 1, ...credentials() }] },
  close: async () => {},
})`

let program: LinkedProgram
beforeEach(() => {
  program = new LinkedProgram()
})

describe('a driver that is not the kit’s is loaded', () => {
  test.each(['@cli-ops/driver-etcd', 'cli-ops-driver-etcd'])(
    'from %s, by the scheme of the URL',
    async (name) => {
      program.install(name, DRIVER)
      const { found } = await program.use('etcd+tls://bob:secret@h/')
      expect(found).toEqual([
        { name: 'etcd+tls://h/', pid: 1, username: 'bob', password: 'secret' },
      ])
    },
  )

  test.each([
    ['a path from the home', './drivers/etcd.mjs', 'drivers/etcd.mjs'],
    ['a folder', './drivers', 'drivers/index.js'],
  ])('from %s in config.json', async (_what, module, file) => {
    program.configure({ drivers: { etcd: module } })
    program.write(join(program.home, 'drivers/package.json'), '{"type":"module"}')
    program.write(join(program.home, file), DRIVER)
    expect((await program.use('etcd://h')).found).toMatchObject([{ name: 'etcd://h' }])
  })

  test('from an absolute path in config.json', async () => {
    const file = join(program.home, 'etcd.mjs')
    program.write(file, DRIVER)
    program.configure({ drivers: { etcd: file } })
    expect((await program.use('etcd://h')).found).toMatchObject([{ name: 'etcd://h' }])
  })

  test('from a package that config.json names, before one that is named after the scheme', async () => {
    program.configure({ drivers: { etcd: '@team/etcd' } })
    program.install('@team/etcd', DRIVER)
    program.install('cli-ops-driver-etcd', 'throw new Error("not this one")')
    expect((await program.use('etcd://h')).found).toMatchObject([{ name: 'etcd://h' }])
  })
})

describe('what is wrong is said', () => {
  test('of a scheme that there is no driver for: where one was looked for', async () => {
    const config = join(program.home, 'config.json')
    expect((await program.use('nats2://u:secret@h')).locks).toEqual({
      message: `CLI_OPS_URL must have a supported scheme, got "nats2:": "drivers" in ${config} does not name it, and neither @cli-ops/driver-nats2 nor cli-ops-driver-nats2 is installed; did you mean "nats:"?`,
    })
  })

  test('of a driver whose client library is missing', async () => {
    program.install('cli-ops-driver-etcd', `import 'an-engine-client'; ${DRIVER}`)
    expect((await program.use('etcd://h')).locks).toEqual({
      code: 'DRIVER_MISSING',
      message:
        'cli-ops-driver-etcd needs a package: npm install cli-ops-driver-etcd an-engine-client',
    })
  })

  test.each([
    ['that fails to load', 'throw new Error("no luck")', 'cannot be loaded: no luck'],
    [
      'without the factory',
      'export const create = 1; export default 2',
      'must export a function createDriver, exports create, default',
    ],
    [
      'whose factory gives a promise',
      'export const createDriver = async () => ({})',
      'must return an object with name, capabilities and close, returned a promise',
    ],
  ])('of a module %s', async (_what, source, message) => {
    program.install('cli-ops-driver-etcd', source)
    const { locks } = (await program.use('etcd://h')) as { readonly locks: { message: string } }
    expect(locks.message).toContain('cli-ops-driver-etcd')
    expect(locks.message).toContain(message)
  })

  test.each([
    [{ etcd: './away.mjs' }, 'drivers.etcd must name an existing file, got "./away.mjs"'],
    [{ etcd: 7 }, 'drivers.etcd must be an absolute path, one that begins with ./ or ../'],
    [{ etcd: '~/etcd.mjs' }, 'drivers.etcd must be an absolute path, one that begins'],
    [{ 'etcd:': './etcd.mjs' }, 'drivers must have schemes such as "etcd" as keys, got "etcd:"'],
    [{ redis: './etcd.mjs' }, "drivers.redis must not be one of the kit's own schemes"],
    [['etcd'], 'drivers must be an object, got an array'],
  ])('of "drivers": %j', async (drivers, message) => {
    program.configure({ drivers })
    const { locks } = (await program.use('etcd://h')) as { readonly locks: { message: string } }
    expect(locks.message).toContain(
      `${join(program.home, 'config.json')} cannot be used: ${message}`,
    )
  })

  test('of a package that only config.json names', async () => {
    program.configure({ drivers: { etcd: '@team/etcd' } })
    expect((await program.use('etcd://h')).locks).toEqual({
      code: 'DRIVER_MISSING',
      message: `drivers.etcd of ${join(program.home, 'config.json')} needs a package: npm install @team/etcd`,
    })
  })

  test('nothing, as long as no URL asks for a driver', async () => {
    program.configure({ drivers: { etcd: './away.mjs' } })
    expect(await program.use('local:')).toEqual({ found: [], locks: [] })
  })
})
