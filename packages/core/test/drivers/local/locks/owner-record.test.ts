import { readdirSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { LockManager, type Owner } from '@cli-ops/shared-ipc'
import { describe, expect, onTestFinished, test } from 'vitest'
import { nodeFileSystem } from '../../../../src/drivers/local/home/file-system.js'
import { Home } from '../../../../src/drivers/local/home/home.js'
import { createLocalLocks } from '../../../../src/drivers/local/locks/local-locks.js'
import { surroundingsAt } from '../../../fixtures/lock-surroundings.js'
import { temporaryHome } from '../../../fixtures/temporary-home.js'

const REMOTE: Owner = {
  name: 'cli-beta',
  command: 'sync',
  pid: 7,
  host: 'build-7',
  user: 'dev',
  startedAt: new Date(1_000),
  state: 'running',
  via: 'ci',
}

/** Takes a lock in the name of an owner, as the hub does; returns the file that describes it, and what others see. */
function take(owner?: Owner) {
  const root = temporaryHome()
  const locks = createLocalLocks(new Home(root, '', nodeFileSystem), surroundingsAt(0))
  const request = { resource: 'db', mode: 'exclusive', id: 'id-1', held: [], owner } as const
  expect(locks.tryAcquireSync!(request)).not.toBeNull()
  const directory = join(root, 'locks', 'db.lock')
  const file = join(
    directory,
    readdirSync(directory).find((name) => name.startsWith('held~'))!,
  )
  const others = new LockManager({ home: root })
  onTestFinished(() => others.close())
  return { file, seen: async () => (await others.inspect('db'))?.owner }
}

describe('the holder of a lock', () => {
  test('on another machine is shown with its own facts, and the token that admitted it', async () => {
    expect(await take(REMOTE).seen()).toEqual(REMOTE)
  })

  test('that names neither command nor user is shown without them', async () => {
    const { command: _command, ...rest } = REMOTE
    expect(await take({ ...rest, user: '' }).seen()).toEqual({ ...rest, user: '' })
  })

  test('whose description was lost is shown by what its file name proves', async () => {
    const { file, seen } = take()
    truncateSync(file)
    expect(await seen()).toMatchObject({
      name: 'unknown program',
      pid: process.pid,
      host: '',
      user: '',
      state: 'running',
    })
  })

  test.each([-1, 1.5, '7', 2 ** 53])('that forges the pid %j has none', async (pid) => {
    const { file, seen } = take(REMOTE)
    writeFileSync(file, JSON.stringify({ id: 'id-1', name: 'cli-beta', via: 'ci', pid }))
    expect(await seen()).toMatchObject({ name: 'cli-beta', pid: 0, via: 'ci', user: '' })
  })
})
