import { transformSync } from 'esbuild'
import { describe, expect, test } from 'vitest'

import { withLock } from '../src/with-lock.js'
import { OclifHost } from './oclif-host.js'

const RULE = `{ resource: 'projects', onBusy: 'fail' }`
const HEAD = `
  import { Command, Flags } from '@oclif/core'
  import { withLock } from '@cli-ops/oclif-plugin'
  import { useOps } from '@cli-ops/shared-ipc'`
const BODY = `extends Command {
    static enableJsonFlag = true
    static flags = { fail: Flags.boolean() }
    async run() {
      const { flags } = await this.parse(Sync)
      if (flags.fail) this.error('failed by the host', { exit: 4 })
      const isLocked = await useOps().locks.isLocked('projects')
      this.log('locked: ' + isLocked)
      return { isLocked }
    }
  }`

const FORMS = {
  'a function': `${HEAD}
    class Sync ${BODY}
    export const COMMANDS = { sync: withLock(${RULE})(Sync) }`,
  'a standard decorator': transformSync(
    `${HEAD}
    @withLock(${RULE}) class Sync ${BODY}
    export const COMMANDS = { sync: Sync }`,
    { loader: 'ts', target: 'es2022' },
  ).code,
  'a legacy decorator': transformSync(
    `${HEAD}
    @withLock(${RULE}) class Sync ${BODY}
    export const COMMANDS = { sync: Sync }`,
    {
      loader: 'ts',
      target: 'es2022',
      tsconfigRaw: { compilerOptions: { experimentalDecorators: true } },
    },
  ).code,
}

describe.each(Object.entries(FORMS))('withLock as %s', (_form, commands) => {
  test('holds the lock while run() runs, and releases it on failure', async () => {
    const host = new OclifHost(commands)
    expect(await host.run(['sync'])).toEqual({ exitCode: 0, stdout: 'locked: true\n', stderr: '' })
    expect(await host.run(['sync', '--fail'])).toMatchObject({ exitCode: 4, stdout: '' })
    const { exitCode, stdout } = await host.run(['sync', '--json'])
    expect({ exitCode, json: JSON.parse(stdout) as unknown }).toEqual({
      exitCode: 0,
      json: { isLocked: true },
    })
  })

  test('does not run while another process holds the lock', async () => {
    const host = new OclifHost(commands)
    const { exitCode, stdout, stderr } = await host.whileHeld('projects', () => host.run(['sync']))
    expect({ exitCode, stdout }).toEqual({ exitCode: 75, stdout: '' })
    expect(stderr).toMatch(/^host: "projects" is held by holder \(pid \d+, .*\), for \d+ m?s\n$/u)
    expect(await host.events()).toEqual(['command:started sync', 'command:failed sync'])
  })

  test('prints a busy lock as JSON under --json', async () => {
    const host = new OclifHost(commands)
    const { exitCode, stdout } = await host.whileHeld('projects', () =>
      host.run(['sync', '--json']),
    )
    expect(exitCode).toBe(75)
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'LOCK_HELD' } })
  })
})

test('withLock keeps the class', () => {
  class Sync {
    run(): Promise<void> {
      return Promise.resolve()
    }
  }
  expect(withLock('projects')(Sync)).toBe(Sync)
})

test.each([
  [
    `{ resource: 'a', onBusy: 'fial' }`,
    'lock.onBusy must be one of wait, fail, skip, join, replace, got "fial"; did you mean "fail"?',
  ],
  [`''`, 'lock.resource must not be empty'],
  ['undefined', 'lock.resource must be a string, got undefined'],
])('a wrong rule refuses its command, and no other: %s', async (rule, message) => {
  const host = new OclifHost(`${HEAD}
    class Sync ${BODY}
    class Other extends Command { async run() { this.log('other ran') } }
    export const COMMANDS = { sync: withLock(${rule})(Sync), other: Other }`)
  const { exitCode, stdout, stderr } = await host.run(['sync'])
  expect({ exitCode, stdout }).toEqual({ exitCode: 78, stdout: '' })
  expect(stderr).toMatch(/^[^\n]+\n$/u)
  expect(stderr).toContain(message)
  expect(await host.run(['other'])).toEqual({ exitCode: 0, stdout: 'other ran\n', stderr: '' })
})
