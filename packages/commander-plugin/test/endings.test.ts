import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

import { describe, expect, test } from 'vitest'

import { hostProject, type HostProject } from './fixtures/host-project.js'

const HOST = `program.use(cliOps({ commands: { rule: { lock: 'db', emits: 'done' } } }))
const stay = () => {
  console.log('ready')
  return new Promise(() => setInterval(() => undefined, 60_000))
}
program.command('rule').action(stay)
program.command('wrapped').action(withLock('db', stay))
program.command('exit').action(withLock('db', () => process.exit(7)))
program.command('exit-later').action(withLock('db', async () => {
  await new Promise((resolve) => setImmediate(resolve))
  process.exit(7)
}))
program.command('quick').action(withLock('db', () => console.log('quick')))
await program.parseAsync()`

function tickets(host: HostProject): readonly string[] {
  const queue = join(host.home, 'queues', 'db')
  return existsSync(queue) ? readdirSync(queue) : []
}

async function isFree(host: HostProject): Promise<boolean> {
  const lock = await host.coordinator().locks.tryLock('db')
  await lock?.release()
  return lock !== null
}

describe.each(['rule', 'wrapped'])('a command with a lock (%s)', (command) => {
  test.each(['SIGINT', 'SIGTERM'] as const)(
    'dies by %s while it waits, and blocks no other process',
    async (signal) => {
      const host = hostProject(HOST)
      const lock = await host.coordinator().locks.lock('db')
      const waiting = host.start([command])
      await waiting.says('waiting for "db"')
      expect(tickets(host)).toHaveLength(1)
      waiting.child.kill(signal)
      expect(await waiting.ended).toMatchObject({ status: signal, stdout: '' })
      lock.assertHeld()
      await lock.release()
      expect(await isFree(host)).toBe(true)
      const { events, running } = await host.traces()
      expect(events.at(-1)).toMatchObject({ type: 'command:failed', data: { exitCode: null } })
      expect(running).toBe(0)
    },
  )

  test.each(['SIGINT', 'SIGTERM'] as const)(
    'dies by %s while it holds the lock, which is then free',
    async (signal) => {
      const host = hostProject(HOST)
      const holding = host.start([command])
      await holding.says('ready')
      expect(await isFree(host)).toBe(false)
      holding.child.kill(signal)
      expect(await holding.ended).toEqual({ status: signal, stdout: 'ready\n', stderr: '' })
      expect(await isFree(host)).toBe(true)
      expect((await host.traces()).types).toEqual(['command:started', 'command:failed'])
    },
  )

  test('is cleaned up after kill -9 by the next command', async () => {
    const host = hostProject(HOST)
    const holding = host.start([command])
    await holding.says('ready')
    const waiting = host.start(['quick'])
    await waiting.says('waiting for "db"')
    holding.child.kill('SIGKILL')
    expect((await holding.ended).status).toBe('SIGKILL')
    expect(await waiting.ended).toMatchObject({ status: 0, stdout: 'quick\n' })
    expect(await isFree(host)).toBe(true)
    expect((await host.traces()).running).toBe(0)
  })
})

test.each(['exit', 'exit-later'])(
  'process.exit() in a handler (%s) releases the lock',
  async (command) => {
    const host = hostProject(HOST)
    expect(await host.run([command])).toEqual({ status: 7, stdout: '', stderr: '' })
    expect(stateOf(host, 'db')).toMatch(/^free~/u)
    const { events } = await host.traces()
    expect(events.at(-1)).toMatchObject({ type: 'command:failed', data: { exitCode: 7 } })
  },
)

/** Returns the name of the one file that stores a lock's state. */
function stateOf(host: ReturnType<typeof hostProject>, resource: string): string {
  return readdirSync(join(host.home, 'locks', `${resource}.lock`)).join()
}

test('other waiters do not wait for a killed one', async () => {
  const host = hostProject(HOST)
  const lock = await host.coordinator().locks.lock('db')
  const killed = host.start(['rule'])
  await killed.says('waiting for "db"')
  const next = host.start(['quick'])
  await next.says('waiting for "db"')
  killed.child.kill('SIGKILL')
  await killed.ended
  await lock.release()
  expect(await next.ended).toMatchObject({ status: 0, stdout: 'quick\n' })
})
