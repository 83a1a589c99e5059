import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { EventBus, IPCClient, ServiceRegistry } from '@cli-ops/shared-ipc'
import { expect, onTestFinished, test } from 'vitest'

import { RpcActor } from '../../packages/core/test/fixtures/start-rpc-actor.js'
import { namesIn, temporaryHome } from '../../packages/core/test/fixtures/temporary-home.js'
import { temporaryRuntime } from '../../packages/core/test/fixtures/temporary-runtime.js'
import { recordFigure } from './record-figure.js'
import { scale } from './scale.js'

const runtime = temporaryRuntime()
const SERVICE = fileURLToPath(new URL('scripts/service.mjs', import.meta.url))
const NOTICER = fileURLToPath(new URL('scripts/noticer.mjs', import.meta.url))
const COMMAND = fileURLToPath(
  new URL('../../packages/core/test/fixtures/staying-command.mjs', import.meta.url),
)

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
  /** Lets a service run for a random moment, in some cases too short to register, and kills it. */
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
      // Its pid can be used again, by a service too, but not within the looks that follow immediately.
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

test('a stopped server is reported as hung immediately, and answers when it continues', async () => {
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

test('commands killed with -9 while others look, and are killed as well, end once each', async () => {
  const home = temporaryHome()
  // Nothing a group has not read expires.
  const keeper = new EventBus({ home })
  await keeper.on('*', () => undefined, { group: 'keeper' }).ready
  await keeper.close()
  const commands = scale(16, 200)
  const noticers = scale(3, 8)
  let isOver = false
  let killedNoticers = 0

  const start = (script: string, ...args: string[]) => {
    const child = spawn(process.execPath, [script, ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, CLI_OPS_HOME: home },
    })
    onTestFinished(() => void child.kill('SIGKILL'))
    return { child, ended: once(child, 'exit') }
  }
  /** Looks until it is killed, and another one takes its place. */
  const notice = async (): Promise<void> => {
    while (!isOver) {
      const { child, ended } = start(NOTICER, home)
      await once(child.stdout, 'data')
      await Promise.race([delay(100 + Math.random() * 900), over])
      child.kill('SIGKILL')
      await ended
      killedNoticers += 1
    }
  }
  let end: () => void = () => undefined
  const over = new Promise<void>((resolve) => (end = resolve))
  let started = 0
  const strike = async (): Promise<void> => {
    while (started < commands) {
      started += 1
      const { child, ended } = start(COMMAND, 'waits', 'first', 'second')
      // Some in the middle of their start.
      if (started % 4 === 0) await delay(100 + Math.random() * 100)
      else await once(child.stdout, 'data')
      child.kill('SIGKILL')
      await ended
    }
  }
  const noticing = Promise.all(Array.from({ length: noticers }, notice))
  await Promise.all(Array.from({ length: scale(4, 8) }, strike))
  isOver = true
  end()
  await noticing
  await using registry = new ServiceRegistry({ home })
  await registry.cleanDeadProcesses()

  const stored = namesIn(home, 'events')
    .sort()
    .flatMap((name) => readFileSync(join(home, 'events', name), 'utf8').split('\n'))
    .filter((line) => line.startsWith('{"specversion"'))
    .map((line) => JSON.parse(line) as StoredLine)
  const runOf = ({ data }: StoredLine): string => `${data.instance} ${data.command}`
  const begun = stored.filter(({ type }) => type === 'command:started').map(runOf)
  const ends = stored.filter(({ type }) => type !== 'command:started').map(runOf)
  const endless = begun.filter((run) => !ends.includes(run))
  const twice = ends.filter((run, index) => ends.indexOf(run) !== index)
  expect({ endless, twice }).toEqual({ endless: [], twice: [] })
  expect(begun.length).toBeGreaterThanOrEqual(commands)
  expect(namesIn(home, 'registry')).toEqual([])
  recordFigure({
    what: `${commands} processes with commands killed with -9, ${noticers} that look and are killed as well (${killedNoticers} times)`,
    goal: 'each command ends once',
    found: `${endless.length} ends missing, ${twice.length} twice`,
    met: endless.length === 0 && twice.length === 0 && commands >= 200,
  })
})

interface StoredLine {
  readonly type: string
  readonly data: { readonly instance: string; readonly command: string }
}
