import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { IPCClient, ServiceRegistry } from '@cli-ops/shared-ipc'
import { expect, onTestFinished, test } from 'vitest'

import { RpcActor } from '../../packages/core/test/fixtures/start-rpc-actor.js'
import { namesIn, temporaryHome } from '../../packages/core/test/fixtures/temporary-home.js'
import { temporaryRuntime } from '../../packages/core/test/fixtures/temporary-runtime.js'
import { recordFigure } from './record-figure.js'
import { scale } from './scale.js'

const runtime = temporaryRuntime()
const SERVICE = fileURLToPath(new URL('scripts/service.mjs', import.meta.url))

test('services killed with -9 are never shown as live, and leave neither record nor socket', async () => {
  const home = temporaryHome()
  const kills = scale(24, 1000)
  const bystander = await RpcActor.serving(home, 'bystander')
  const registry = new ServiceRegistry({ home })
  const client = new IPCClient('bystander', { home })
  onTestFinished(() => client.close())
  const dead = new Set<number>()
  const ghosts: number[] = []
  let started = 0

  const look = async (): Promise<void> => {
    const gone = new Set(dead)
    const live = await registry.discover()
    ghosts.push(...live.map(({ pid }) => pid).filter((pid) => gone.has(pid)))
    expect(live.map(({ pid }) => pid)).toContain(bystander.pid)
  }
  /** Lets a service run for a moment of its own, in some cases too short to register, and kills it. */
  const strike = async (): Promise<void> => {
    while (started < kills) {
      started += 1
      const child = spawn(process.execPath, [SERVICE, home], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      onTestFinished(() => void child.kill('SIGKILL'))
      const ended = once(child, 'exit')
      if (started % 4 !== 0) await once(child.stdout, 'data')
      await delay(Math.random() * 40)
      child.kill('SIGKILL')
      await ended
      // Its pid may be used again, by a service too, but not within the looks that follow at once.
      dead.add(child.pid!)
      await look()
      dead.delete(child.pid!)
    }
  }
  await Promise.all(Array.from({ length: scale(4, 8) }, strike))
  expect(ghosts).toEqual([])
  await registry.cleanDeadProcesses()
  expect((await registry.discover()).map(({ pid }) => pid)).toEqual([bystander.pid])
  expect(namesIn(home, 'registry')).toHaveLength(1)
  expect(runtime.sockets()).toHaveLength(1)
  expect(await client.call('pid')).toBe(bystander.pid)
  recordFigure({
    what: `${kills} services killed with -9 at random moments of registering and serving`,
    goal: '0 returned as live',
    found: `${ghosts.length}; 0 records and 0 sockets left`,
    met: ghosts.length === 0 && kills >= 1000,
  })
})

test('a stopped server is told as hung at once, and answers when it goes on', async () => {
  const home = temporaryHome()
  const server = await RpcActor.serving(home, 'cli-alpha')
  const registry = new ServiceRegistry({ home })
  const client = new IPCClient('cli-alpha', { home })
  onTestFinished(() => client.close())
  expect(await client.call('pid')).toBe(server.pid)
  const times: number[] = []
  for (let round = 0; round < scale(3, 20); round += 1) {
    server.signal('SIGSTOP')
    const began = performance.now()
    while ((await registry.discover())[0]?.state !== 'hung');
    times.push(performance.now() - began)
    const late = client.call('echo', round, { timeoutMs: 50 })
    await expect(late).rejects.toMatchObject({ code: 'REQUEST_TIMEOUT' })
    server.signal('SIGCONT')
    expect(await client.call('echo', 'on')).toBe('on')
  }
  const worstMs = Math.max(...times)
  recordFigure({
    what: 'a stopped server is reported hung',
    goal: 'within 350 ms',
    found: `within ${worstMs.toFixed(0)} ms (${times.length} times)`,
    met: worstMs <= 350,
  })
})
