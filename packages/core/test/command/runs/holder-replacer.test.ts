import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

import { afterEach, expect, onTestFinished, test, vi } from 'vitest'

import { HolderReplacer } from '../../../src/command/runs/holder-replacer.js'
import { takeSteps, takeStepsNow } from '../../../src/command/runs/steps.js'
import { nodeFileSystem } from '../../../src/drivers/local/home/file-system.js'
import { Home } from '../../../src/drivers/local/home/home.js'
import { createLocalLocks } from '../../../src/drivers/local/locks/local-locks.js'
import type { LockDriver } from '../../../src/locks/contract/lock-driver.js'
import { runMarkName } from '../../../src/locks/contract/slot-name.js'
import { temporaryHome } from '../../fixtures/temporary-home.js'

const SCRIPT = `
  import { createRequire } from 'node:module'
  const { tryRunNow } = createRequire(process.argv[2])('@cli-ops/shared-ipc/command/parts')
  const connection = { home: process.argv[1], namespace: '', urlOf: () => 'local:' }
  const lock = tryRunNow(connection, { resource: 'db', onBusy: 'replace' })
  let asked = 0
  process.on('SIGTERM', () => process.stdout.write('asked ' + (asked += 1)))
  process.stdin.once('data', () => lock.release().then(() => process.exit()))
  process.stdout.write('holds')`

async function startHolder(home: string) {
  const args = ['--input-type=module', '-e', SCRIPT, home, fileURLToPath(import.meta.url)]
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  let said = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text))
  await once(child.stdout, 'data')
  const end = async (): Promise<void> => {
    const ended = once(child, 'exit')
    child.stdin.write('end\n')
    await ended
  }
  return { pid: child.pid, said: () => said, end }
}

function locksIn(home: string): LockDriver {
  return createLocalLocks(new Home(home, '', nodeFileSystem))
}

/** There are no waits here. */
const findDeadlock = (): undefined => undefined

afterEach(() => {
  vi.restoreAllMocks()
})

test('the first waiter asks a holder, once, and leaves nothing', async () => {
  const home = temporaryHome()
  const holder = await startHolder(home)
  const locks = locksIn(home)
  const replacers = [1, 2, 3].map(
    () => new HolderReplacer(locks, 'db', { graceMs: 60_000, findDeadlock }),
  )
  for (const replacer of replacers) takeStepsNow(replacer.look())
  await expect.poll(holder.said).toBe('holdsasked 1')
  const late = new HolderReplacer(locks, 'db', { graceMs: 0, findDeadlock })
  takeStepsNow(late.look())
  expect(() => {
    takeStepsNow(late.look())
  }).toThrow(`"db" is still held by `)
  await holder.end()
  expect(holder.said()).toBe('holdsasked 1')
  for (const replacer of replacers) takeStepsNow(replacer.look())
  expect(locks.inspect(runMarkName('db'))).toBeNull()
})

test('a pid of another machine gets no signal, whichever process has that number here', async () => {
  const home = temporaryHome()
  const holder = await startHolder(home)
  // As a client of a hub sees the locks in the hub's home.
  const { ownedBy: _ownedBy, ...elsewhere } = locksIn(home)
  const kill = vi.spyOn(process, 'kill').mockReturnValue(true)
  const replacing = takeSteps(new HolderReplacer(elsewhere, 'db', { findDeadlock }).look())
  await expect(replacing).rejects.toMatchObject({
    code: 'LOCK_HELD',
    message: expect.stringContaining('which cannot be asked to end from here') as string,
  })
  expect(kill.mock.calls.filter(([pid, signal]) => pid === holder.pid && signal !== 0)).toEqual([])
  vi.restoreAllMocks()
  // Others may still ask it.
  takeStepsNow(new HolderReplacer(locksIn(home), 'db', { findDeadlock }).look())
  await expect.poll(holder.said).toBe('holdsasked 1')
})
