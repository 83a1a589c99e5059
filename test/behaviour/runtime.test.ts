import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { LockManager } from '@cli-ops/shared-ipc'
import { describe, expect, onTestFinished, test } from 'vitest'

import { LockActor } from '../../packages/core/test/fixtures/start-lock-actor.js'
import { temporaryHome } from '../../packages/core/test/fixtures/temporary-home.js'
import { root } from '../../scripts/workspaces.mjs'
import { RUNTIME } from './run-host.js'

async function startActor(home: string): Promise<LockActor> {
  const actor = await LockActor.start(home, [], RUNTIME)
  onTestFinished(() => actor.kill())
  return actor
}

/** Runs a program of this checkout on the runtime. */
function run(home: string, file: string, args: readonly string[]) {
  const [command = '', ...before] = RUNTIME
  const env = { ...process.env, CLI_OPS_HOME: home, XDG_CONFIG_HOME: home, XDG_DATA_HOME: home }
  const { status, stdout, stderr } = spawnSync(command, [...before, file, ...args], {
    env,
    encoding: 'utf8',
  })
  return { status, stdout, stderr }
}

describe('the four primitives', () => {
  test('a lock is passed around, also from a killed process, and Node sees it', async () => {
    const home = temporaryHome()
    const [holder, waiter] = [await startActor(home), await startActor(home)]
    await holder.call('lock', { resource: 'db' })
    const locks = new LockManager({ home })
    onTestFinished(() => locks.close())
    expect((await locks.inspect('db'))?.owner).toMatchObject({ pid: holder.pid, state: 'running' })
    const granted = waiter.call('lock', { resource: 'db' })
    await waiter.waits('db')
    await holder.kill()
    await granted
    expect(await locks.tryLock('db')).toBeNull()
    await waiter.call('release', { as: 'db' })
    await (await locks.lock('db')).release()
  })

  test('a file is locked for all programs', async () => {
    const home = temporaryHome()
    const file = join(home, 'notes.json')
    writeFileSync(file, '{}')
    const actor = await startActor(join(home, 'ops'))
    await actor.call('lockFile', { path: file, as: 'file' })
    const locks = new LockManager({ home: join(home, 'ops') })
    onTestFinished(() => locks.close())
    await expect(locks.lockFile(file, { timeoutMs: 0 })).rejects.toMatchObject({
      code: 'LOCK_HELD',
    })
    await actor.call('release', { as: 'file' })
    await (await locks.lockFile(file)).release()
  })

  test('events, the registry and requests', () => {
    const home = temporaryHome()
    const script = fileURLToPath(new URL('hosts/primitives.mjs', import.meta.url))
    const { status, stdout, stderr } = run(home, script, [home])
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(JSON.parse(stdout)).toEqual({
      live: [1],
      group: [1, 2],
      names: ['primitives'],
      answer: { got: 'ü' },
      parts: [1, 2, 3],
      refused: 'REMOTE_ERROR',
    })
  })
})

describe('the example cli-alpha', () => {
  test('adds a task and lists it', () => {
    const home = temporaryHome()
    const cli = join(root, 'examples/cli-alpha/dist/main.js')
    expect(run(home, cli, ['add', 'write tests'])).toMatchObject({ status: 0 })
    const { status, stdout } = run(home, cli, ['list'])
    expect({ status, stdout }).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('write tests') as string,
    })
  })
})
