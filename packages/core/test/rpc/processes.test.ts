import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { IPCClient, type IPCClientOptions, ServiceRegistry } from '@cli-ops/shared-ipc'
import { describe, expect, onTestFinished, test } from 'vitest'
import { containing, inAnyOrder, matching } from '../fixtures/matchers.js'
import { RpcActor } from '../fixtures/start-rpc-actor.js'
import { namesIn, temporaryHome } from '../fixtures/temporary-home.js'
import { temporaryRuntime } from '../fixtures/temporary-runtime.js'

const runtime = temporaryRuntime()
const run = promisify(execFile)

function startClient(home: string, options: IPCClientOptions = {}): IPCClient {
  const client = new IPCClient('cli-alpha', { home, ...options })
  onTestFinished(() => client.close())
  return client
}

/** Waits until the kernel shows a process in a state. */
async function untilState(pid: number, state: string): Promise<void> {
  while (!readFileSync(`/proc/${pid}/stat`, 'utf8').includes(`) ${state} `)) {
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
}

async function stop(actor: RpcActor): Promise<void> {
  actor.signal('SIGSTOP')
  await untilState(actor.pid, 'T')
}

describe('a server that is killed', () => {
  test('fails its pending requests, each once and with the outcome unknown', async () => {
    const home = temporaryHome()
    const actor = await RpcActor.serving(home, 'cli-alpha')
    const client = startClient(home)
    const pending = Array.from({ length: 20 }, () =>
      client.call('never').catch((error: unknown) => error),
    )
    await actor.event('began')
    await actor.kill()
    for (const error of await Promise.all(pending)) {
      expect(error).toMatchObject({ code: 'CONNECTION_LOST', retryable: false })
      expect(error).toHaveProperty('message', containing('the outcome is unknown'))
    }
  })

  test('gets no more requests, and leaves neither record nor socket after the next look', async () => {
    const home = temporaryHome()
    const actor = await RpcActor.serving(home, 'cli-alpha')
    const client = startClient(home)
    expect(await client.call('pid')).toBe(actor.pid)
    expect(runtime.sockets()).toHaveLength(1)
    await actor.kill()
    expect(namesIn(home, 'registry')).toHaveLength(1)
    await expect(client.call('pid')).rejects.toMatchObject({
      code: matching(/^(?:NO_RESPONDER|CONNECTION_LOST)$/u),
    })
    await expect(client.call('pid')).rejects.toMatchObject({ code: 'NO_RESPONDER' })
    expect(namesIn(home, 'registry')).toEqual([])
    expect(runtime.sockets()).toEqual([])
  })

  test('is followed by a successor that the same client finds', async () => {
    const home = temporaryHome()
    const client = startClient(home)
    for (let round = 0; round < 3; round += 1) {
      const actor = await RpcActor.serving(home, 'cli-alpha')
      expect(await client.call('pid').catch(() => client.call('pid'))).toBe(actor.pid)
      await actor.kill()
    }
  })
})

describe('a server that ends on its own', () => {
  test.each([
    ['process.exit', 'exit', 0],
    ['process.exit with a code', 'exit', 3],
  ])('%s leaves neither record nor socket', async (_name, operation, code) => {
    const home = temporaryHome()
    const actor = await RpcActor.serving(home, 'cli-alpha')
    expect(runtime.sockets()).toHaveLength(1)
    const ended = once(actor.process, 'exit')
    await actor.call(operation, { code })
    expect(await ended).toEqual([code, null])
    expect(namesIn(home, 'registry')).toEqual([])
    expect(runtime.sockets()).toEqual([])
  })
})

describe('a suspended server', () => {
  test('is hung in the registry and skipped by clients while another runs', async () => {
    const home = temporaryHome()
    const stopped = await RpcActor.serving(home, 'cli-alpha')
    const running = await RpcActor.serving(home, 'cli-alpha')
    await stop(stopped)
    const registry = new ServiceRegistry({ home })
    const states = (await registry.discover()).map(({ pid, state }) => [pid, state])
    expect(states).toEqual(
      inAnyOrder([
        [stopped.pid, 'hung'],
        [running.pid, 'live'],
      ]),
    )
    expect(states).toHaveLength(2)
    expect(await startClient(home, { pick: 'oldest' }).call('pid')).toBe(running.pid)
    expect(await startClient(home, { pick: 'newest' }).call('pid')).toBe(running.pid)
  })

  test('that is the only one is named in the error, and nothing is sent to it', async () => {
    const home = temporaryHome()
    const actor = await RpcActor.serving(home, 'cli-alpha')
    await stop(actor)
    const client = startClient(home)
    await expect(client.call('say', 'hello')).rejects.toMatchObject({
      code: 'NO_RESPONDER',
      message: `"cli-alpha" is running (pid ${actor.pid}) but suspended; "kill -CONT ${actor.pid}" resumes it`,
    })
    actor.signal('SIGCONT')
    expect(await client.call('said', null, { waitMs: 10_000 })).toEqual([])
  })

  test('on an open connection lets the request time out, with the outcome unknown', async () => {
    const home = temporaryHome()
    const actor = await RpcActor.serving(home, 'cli-alpha')
    const client = startClient(home)
    await client.call('pid')
    await stop(actor)
    await expect(client.call('say', 'late', { timeoutMs: 100 })).rejects.toMatchObject({
      code: 'REQUEST_TIMEOUT',
    })
    actor.signal('SIGCONT')
    // It was not lost: that is why it must not be repeated.
    expect(await client.call('said')).toEqual(['late'])
  })
})

test('a server with a blocked event loop is hung, skipped, and waited for if it is the only one', async () => {
  const home = temporaryHome()
  const blocked = await RpcActor.serving(home, 'cli-alpha')
  const asker = startClient(home)
  const file = join(temporaryHome(), 'go-on')
  const blocking = asker.call('block-until', file)
  await blocked.event('blocking')
  // It is the only one: the request waits for it and then succeeds.
  const waiting = startClient(home).call('pid')
  const registry = new ServiceRegistry({ home })
  expect(await registry.discover()).toMatchObject([{ pid: blocked.pid, state: 'hung' }])
  const other = await RpcActor.serving(home, 'cli-alpha')
  expect(await startClient(home, { pick: 'oldest' }).call('pid')).toBe(other.pid)
  writeFileSync(file, '')
  expect(await waiting).toBe(blocked.pid)
  await blocking
})

test('several instances of one name are found and each can be called', async () => {
  const home = temporaryHome()
  const actors = await Promise.all([1, 2, 3].map(() => RpcActor.serving(home, 'cli-alpha')))
  const registry = new ServiceRegistry({ home })
  const services = await registry.discover({ name: 'cli-alpha' })
  expect(services.map(({ pid }) => pid).sort()).toEqual(actors.map(({ pid }) => pid).sort())
  const client = startClient(home)
  for (const { instance, pid } of services) {
    expect(await client.call('pid', null, { instance })).toBe(pid)
  }
  await expect(client.call('pid', null, { instance: 'ffffffffffff' })).rejects.toMatchObject({
    code: 'NO_RESPONDER',
  })
  expect(await client.call('pid')).toBe(services[0]!.pid)
  expect(await startClient(home, { pick: 'newest' }).call('pid')).toBe(services[2]!.pid)
})

test('processes call each other in both directions', async () => {
  const home = temporaryHome()
  const alpha = await RpcActor.serving(home, 'cli-alpha')
  const beta = await RpcActor.serving(home, 'cli-beta')
  expect(await alpha.call('ask', { name: 'cli-beta', method: 'pid' })).toBe(beta.pid)
  expect(await beta.call('ask', { name: 'cli-alpha', method: 'pid' })).toBe(alpha.pid)
})

test('killing a client aborts the handlers it was waiting for', async () => {
  const home = temporaryHome()
  const server = await RpcActor.serving(home, 'cli-alpha')
  const client = await RpcActor.start(home)
  void client.call('ask', { name: 'cli-alpha', method: 'never' }).catch(() => undefined)
  await server.event('began')
  await client.kill()
  expect(await server.event('aborted')).toMatchObject({ reason: 'CONNECTION_LOST' })
})

describe('the life of the process', () => {
  const imports = `import { IPCClient, IPCServer } from '@cli-ops/shared-ipc'\n`
  const node = (home: string, script: string) =>
    run(process.execPath, ['--input-type=module', '-e', imports + script, home], {
      cwd: import.meta.dirname,
      timeout: 20_000,
    })

  test('an open client keeps no process alive', async () => {
    const home = temporaryHome()
    await RpcActor.serving(home, 'cli-alpha')
    const { stdout } = await node(
      home,
      `const client = new IPCClient('cli-alpha', { home: process.argv[1] })
       const { data } = await client.request('asked')
       console.log(data)`,
    )
    expect(stdout).toBe('asked\n')
  })

  test('a pending request does, until it is answered', async () => {
    const home = temporaryHome()
    await RpcActor.serving(home, 'cli-alpha')
    const { stdout } = await node(
      home,
      `const client = new IPCClient('cli-alpha', { home: process.argv[1] })
       client.call('block', 200).then(() => console.log('answered'))`,
    )
    expect(stdout).toBe('answered\n')
  })

  test('an unref-ed server does not, and leaves nothing', async () => {
    const home = temporaryHome()
    const { stdout, stderr } = await node(
      home,
      `const server = new IPCServer('cli-alpha', { home: process.argv[1], keepAlive: false })
       await server.ready
       console.log('listening')`,
    )
    expect([stdout, stderr]).toEqual(['listening\n', ''])
    expect(namesIn(home, 'registry')).toEqual([])
    expect(runtime.sockets()).toEqual([])
  })

  test('a server does', async () => {
    const home = temporaryHome()
    const script = `${imports} await new IPCServer('cli-alpha', { home: process.argv[1] }).ready`
    const child = spawn(process.execPath, ['--input-type=module', '-e', script, home], {
      cwd: import.meta.dirname,
      stdio: 'inherit',
    })
    onTestFinished(() => void child.kill('SIGKILL'))
    const client = startClient(home)
    // It answers although its script has ended.
    await expect(client.call('none', null, { waitMs: 20_000 })).rejects.toMatchObject({
      code: 'REMOTE_ERROR',
    })
    expect(child.exitCode).toBeNull()
  })

  test('a server that cannot listen says so in one line and the program continues', async () => {
    const { stdout, stderr } = await run(
      process.execPath,
      [
        '--input-type=module',
        '-e',
        `${imports} new IPCServer('cli-alpha', { home: '/dev/null/home' }); setTimeout(() => console.log('on'), 50)`,
      ],
      { cwd: import.meta.dirname },
    )
    expect(stdout).toBe('on\n')
    expect(stderr.trim().split('\n')).toHaveLength(1)
    expect(stderr).toContain('cannot answer requests')
  })
})
