import { EventBus, LockManager } from '@cli-ops/shared-ipc'
import { expect, onTestFinished, test } from 'vitest'

import { lockAdvice } from '../../src/ops/lock-advice.js'
import { LockActor } from '../fixtures/start-lock-actor.js'
import { temporaryHome } from '../fixtures/temporary-home.js'
import { runOpsCommand } from './run-ops.js'

/** Returns a home in which one process holds "db" and two wait for it. */
async function staged(): Promise<{ home: string; holder: LockActor; id: string }> {
  const home = temporaryHome()
  const [holder, second, third] = await Promise.all([
    LockActor.start(home),
    LockActor.start(home),
    LockActor.start(home),
  ])
  for (const actor of [holder, second, third]) onTestFinished(() => actor.kill())
  const { id } = await holder.call<{ id: string }>('tryLock', { resource: 'db' })
  for (const actor of [second, third]) {
    void actor.call('lock', { resource: 'db' }).catch(() => undefined)
    await actor.waits('db')
  }
  return { home, holder, id }
}

test('"why" names the holder, the queue in order, and commands that help', async () => {
  const { home, holder, id } = await staged()
  const { status, stdout } = await runOpsCommand(home, 'why', {}, { args: ['db'] })
  expect(status).toBe(0)
  expect(stdout).toMatch(new RegExp(`^"db"\\n {2}held by .*pid ${holder.pid}.*, for `, 'u'))
  expect(stdout).toMatch(/\n {2}waiting {3}1\. .*, for .*\n {12}2\. .*, for /u)
  expect(stdout).toContain(`:\n      kill ${holder.pid}\n`)
  expect(stdout).toContain(`cli ops locks release db --id ${id}`)
  const json = await runOpsCommand(home, 'why', { json: true })
  expect(JSON.parse(json.stdout)).toMatchObject([
    {
      resource: 'db',
      holders: [{ id, owner: { pid: holder.pid } }],
      waiting: [{}, {}],
      advice: [{ command: `kill ${holder.pid}` }, {}],
    },
  ])
})

test('says that a lock is shared', async () => {
  const home = temporaryHome()
  const locks = new LockManager({ home })
  onTestFinished(() => locks.close())
  await locks.lock('db', { mode: 'shared' })
  const { stdout } = await runOpsCommand(home, 'why', {}, { args: ['db'] })
  expect(stdout).toMatch(/^"db", shared\n {2}held by /u)
  await locks.lock('db', { mode: 'shared' })
  const waiting = locks.lock('db')
  await expect
    .poll(async () => (await runOpsCommand(home, 'why', {}, { args: ['db'] })).stdout)
    .toMatch(
      /\n {2}if you need it now\n {2}- the first who waits needs it alone: all 2 must release it\n/u,
    )
  for (const { id } of (await locks.inspect('db'))?.holders ?? [])
    await locks.forceRelease('db', id)
  await (await waiting).release()
})

test('says who waits to share a lock, as "locks" and "status" do', async () => {
  const home = temporaryHome()
  const locks = new LockManager({ home })
  onTestFinished(() => locks.close())
  const lock = await locks.lock('db')
  const sharing = locks.lock('db', { mode: 'shared' })
  const alone = locks.lock('db')
  await expect.poll(async () => (await locks.inspect('db'))?.waiting.length).toBe(2)
  for (const command of ['why', 'locks', 'status']) {
    const { stdout } = await runOpsCommand(home, command)
    expect(stdout).toMatch(/ 1\. .*\), to share[,:]/u)
    expect(stdout).toMatch(/ 2\. .*\)[,:](?! to share)/u)
  }
  const json = await runOpsCommand(home, 'why', { json: true })
  const [info] = JSON.parse(json.stdout) as [{ waiting: { mode?: string }[] }]
  expect(info.waiting.map(({ mode }) => mode)).toEqual(['shared', undefined])
  await lock.release()
  await (await sharing).release()
  await (await alone).release()
})

test('suggests continuing a stopped holder', async () => {
  const { home, holder } = await staged()
  holder.signal('SIGSTOP')
  await expect
    .poll(async () => (await runOpsCommand(home, 'why')).stdout, { timeout: 20_000 })
    .toContain(`pid ${holder.pid} is stopped; to continue it:\n      kill -CONT ${holder.pid}\n`)
  const { stdout } = await runOpsCommand(home, 'why')
  expect(stdout).toContain(`to end pid ${holder.pid}:\n      kill -KILL ${holder.pid}\n`)
  expect(stdout).not.toContain(`kill ${holder.pid}\n`)
})

test('says how long the holder’s command usually takes, refused runs left out', async () => {
  const home = temporaryHome()
  const bus = new EventBus({ home, rateLimit: false })
  onTestFinished(() => bus.close())
  const locks = new LockManager({ home })
  const lock = await locks.lock('db')
  onTestFinished(() => lock.release())
  const { name, command = '' } = (await locks.inspect('db'))!.owner
  for (let minutes = 1; minutes <= 10; minutes += 1) {
    const data = { cli: name, command, instance: 'i', exitCode: 0, durationMs: minutes * 60_000 }
    await bus.emit('command:completed', data)
  }
  const error = { name: 'CliOpsError', code: 'LOCK_TIMEOUT' }
  const refused = { cli: name, command, instance: 'i', exitCode: 75, durationMs: 1, error }
  await bus.emit('command:completed', refused)
  const { stdout } = await runOpsCommand(home, 'why', {}, { args: ['db'] })
  expect(stdout).toContain('; usually 5 min, 9 of 10 runs within 9 min\n  waiting   nobody\n')
})

test('only turns with the same lock count, and a few of them make no ninth of ten', async () => {
  const home = temporaryHome()
  const bus = new EventBus({ home, rateLimit: false })
  onTestFinished(() => bus.close())
  const locks = new LockManager({ home })
  const lock = await locks.lock('db')
  onTestFinished(() => lock.release())
  const { name, command = '' } = (await locks.inspect('db'))!.owner
  const tell = (resource: string, seconds: number): Promise<unknown> =>
    bus.emit('command:completed', {
      ...{ cli: name, command, instance: 'i', exitCode: 0, durationMs: 90_000 },
      lock: { resource, id: 'i-1', waitedMs: 0, heldMs: seconds * 1000 },
    })
  const shown = async (): Promise<string> =>
    (await runOpsCommand(home, 'why', {}, { args: ['db'] })).stdout
  for (let seconds = 31; seconds <= 41; seconds += 1) await tell('other', seconds)
  expect(await shown()).toMatch(/, for \d+ m?s, since \d\d:\d\d:\d\d\n/u)
  await tell('db', 2)
  expect(await shown()).toContain('; its last run took 2 s\n')
  await tell('db', 3)
  expect(await shown()).toContain('; its last 2 runs took up to 3 s\n')
})

test('quotes the name of a lock for a shell', async () => {
  const home = temporaryHome()
  const lock = await new LockManager({ home }).lock(`it's "ours"`)
  onTestFinished(() => lock.release())
  const { stdout } = await runOpsCommand(home, 'why', {}, { args: [lock.resource] })
  expect(stdout).toContain(String.raw`locks release 'it'\''s "ours"' --id ${lock.id}`)
})

test('says so if there is nothing to explain, and refuses a wrong name', async () => {
  const home = temporaryHome()
  expect((await runOpsCommand(home, 'why')).stdout).toBe('No process is waiting for a lock.\n')
  expect((await runOpsCommand(home, 'why', {}, { args: ['db'] })).stdout).toBe(
    '"db" is free: no process holds it or waits for it.\n',
  )
  const wrong = await runOpsCommand(home, 'why', {}, { args: [''] })
  expect(wrong).toMatchObject({ status: 2, stdout: '' })
  expect(wrong.stderr).toContain('resource')
})

test('"why" names the slot of each holder, and "locks" shows one lock alone', async () => {
  const home = temporaryHome()
  const locks = new LockManager({ home })
  for (const resource of ['devices', 'db']) {
    const lock = await locks.lock(resource, { slots: ['emulator-1'] })
    onTestFinished(() => lock.release())
  }
  const { stdout } = await runOpsCommand(home, 'why', {}, { args: ['devices'] })
  expect(stdout).toMatch(/held by .*\(slot emulator-1, pid \d+/u)
  const listed = await runOpsCommand(home, 'locks', { json: true }, { args: ['devices'] })
  expect(JSON.parse(listed.stdout)).toMatchObject([{ resource: 'devices' }])
  const FREE = '"device" is free: no process holds it or waits for it. Did you mean "devices"?\n'
  const free = await runOpsCommand(home, 'locks', {}, { args: ['device'] })
  expect(free).toMatchObject({ status: 0, stdout: FREE })
})

test('says that a program under "cli-ops run" is asked to end when its lock is taken', () => {
  const owner = {
    pid: 7,
    host: 'a',
    user: 'dev',
    startedAt: new Date(0),
    state: 'running',
  } as const
  const adviceFor = (name: string, command: string): string => {
    const holder = { id: 'x-1', token: 1n, since: new Date(0), owner: { ...owner, name, command } }
    const info = {
      ...holder,
      resource: 'db',
      mode: 'exclusive',
      holders: [holder],
      waiters: [],
      waiting: [],
    } as const
    return lockAdvice(info, { program: 'cli-ops', isHere: () => true }).at(-1)!.what
  }
  expect(adviceFor('cli-ops', 'run deploy.sh')).toBe(
    'to take the lock from pid 7, which is then asked to end',
  )
  expect(adviceFor('cli-beta', 'run deploy')).toBe(
    'to take the lock from pid 7, which continues without it',
  )
})
