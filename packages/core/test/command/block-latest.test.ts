import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { LockManager } from '@cli-ops/shared-ipc'
import { expect, onTestFinished, test } from 'vitest'

import { temporaryHome } from '../fixtures/temporary-home.js'

const SCRIPT = `
  import { createRequire } from 'node:module'
  const { blockForLock } = createRequire(process.argv[2])('@cli-ops/shared-ipc/command/parts')
  const connection = { home: process.argv[1], namespace: '', urlOf: () => 'local:' }
  try {
    blockForLock(connection, { resource: 'db', queue: 'latest' }).releaseSync()
    process.stdout.write('inside')
  } catch (error) {
    process.stdout.write(error.code)
  }`

function startBlocking(home: string): ChildProcess {
  const args = ['--input-type=module', '-e', SCRIPT, home, fileURLToPath(import.meta.url)]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  return child
}

async function said(child: ChildProcess): Promise<string> {
  return String((await once(child.stdout!, 'data'))[0])
}

test('a blocked program gives way to a newer one, whether that one blocks or not', async () => {
  const home = temporaryHome()
  const locks = new LockManager({ home })
  const waiting = (count: number): Promise<unknown> =>
    expect.poll(async () => (await locks.inspect('db'))?.waiting.length).toBe(count)
  const lock = await locks.lock('db')
  const first = said(startBlocking(home))
  await waiting(1)
  const second = said(startBlocking(home))
  expect(await first).toBe('LOCK_SUPERSEDED')
  await waiting(1)
  const third = new LockManager({ home }).lock('db', { queue: 'latest' })
  expect(await second).toBe('LOCK_SUPERSEDED')
  const fourth = said(startBlocking(home))
  await expect(third).rejects.toMatchObject({ code: 'LOCK_SUPERSEDED' })
  await lock.release()
  expect(await fourth).toBe('inside')
})
