import { appendFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createCoordinator, EventBus, ServiceRegistry } from '@cli-ops/shared-ipc'
import { expect, onTestFinished, test } from 'vitest'

import { LockActor } from '../../packages/core/test/fixtures/start-lock-actor.js'
import { namesIn, temporaryHome } from '../../packages/core/test/fixtures/temporary-home.js'
import { runOpsCommand } from '../../packages/core/test/ops/run-ops.js'
import { HOSTS, runHost } from '../behaviour/run-host.js'

/** Sequences that set a terminal's title, clear its screen, reverse text, hide it, or begin a new line. */
const ESCAPES =
  '\u001b]0;owned\u0007\u001b[2J\u009b31m\u202e\u2066\u200f\u200b\u2028\r\nforged: line\u007f\ufeff'
const UNSAFE =
  // eslint-disable-next-line no-control-regex
  /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]/u

/** Overwrites every valid JSON file below a directory, adding escapes to each of its strings. */
function poison(directory: string): number {
  let poisoned = 0
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    const record = {
      resource: 'db',
      name: `name${ESCAPES}`,
      host: `host${ESCAPES}`,
      user: `user${ESCAPES}`,
      command: `command${ESCAPES}`,
      id: /~([\w-]+)~p\d/u.exec(entry.name)?.[1] ?? '',
      mode: 'exclusive',
      startedAt: 1,
      since: 1,
      token: '1',
    }
    writeFileSync(path, `${JSON.stringify(record)}\n`)
    poisoned += 1
  }
  return poisoned
}

test('what other processes wrote reaches a terminal as text only', async () => {
  const home = temporaryHome()
  const holder = await LockActor.start(home)
  const waiter = await LockActor.start(home)
  onTestFinished(async () => {
    await Promise.all([holder.kill(), waiter.kill()])
  })
  await holder.call('lock', { resource: 'db' })
  void waiter.call('lock', { resource: 'db' }).catch(() => undefined)
  await waiter.waits('db')
  expect(poison(join(home, 'locks'))).toBeGreaterThan(0)
  expect(poison(join(home, 'queues'))).toBeGreaterThan(0)

  const registry = new ServiceRegistry({ home })
  await registry.register('service', { version: `1${ESCAPES}`, [`key${ESCAPES}`]: ESCAPES })
  const bus = new EventBus({ home, source: '/test' })
  onTestFinished(() => bus.close())
  await bus.emit('good:event', { text: ESCAPES })
  const envelope = {
    specversion: '1.0',
    id: `id${ESCAPES}`,
    source: `source${ESCAPES}`,
    type: `forged:${ESCAPES}`,
    time: `time${ESCAPES}`,
    datacontenttype: 'application/json',
    data: { [ESCAPES]: ESCAPES },
  }
  const [segment] = namesIn(home, 'events')
  appendFileSync(join(home, 'events', segment!), `\n${JSON.stringify(envelope)}\n`)

  for (const command of ['status', 'locks', 'ps', 'events', 'doctor', 'clean']) {
    for (const options of [{}, { json: true }]) {
      const { stdout, stderr } = await runOpsCommand(home, command, options)
      expect([command, UNSAFE.exec(stdout + stderr)]).toEqual([command, null])
      expect([command, /^forged/mu.exec(stdout + stderr)]).toEqual([command, null])
      expect(stdout).not.toBe('')
    }
  }
  // It was visible.
  expect((await runOpsCommand(home, 'locks')).stdout).toContain('owned')
  expect((await runOpsCommand(home, 'events')).stdout).toContain('forged:')

  // The line of a waiting command, and the refusal of one that gave up.
  const options = { commands: { run: { lock: { resource: 'db', timeoutMs: 500 } } } }
  const commander = HOSTS.find(({ framework }) => framework === 'commander')!
  const { stderr, exitCode } = await runHost(commander, { home, args: ['run', 'returns'], options })
  expect(exitCode).toBe(75)
  expect(stderr).toMatch(/^host: waiting for "db", /u)
  expect(stderr.split('\n')).toHaveLength(3)
  expect(UNSAFE.exec(stderr)).toBeNull()
  await registry.unregister('service')
})

test('names with such sequences are refused before anything is created', async () => {
  const home = temporaryHome()
  const ops = createCoordinator({ name: 'test', home })
  onTestFinished(() => ops.close())
  for (const character of ESCAPES.replaceAll(/[\w[\];: ]/gu, '')) {
    const name = `a${character}b`
    const attempts = [
      () => ops.locks.lock(name),
      () => ops.locks.tryLock(name),
      () => ops.locks.isLocked(name),
      () => ops.events.emit(`a:${character}`, {}),
      () => ops.registry.register(name),
      async () => createCoordinator({ name, home }),
      async () => createCoordinator({ name: 'test', namespace: name, home }),
      async () => ops.connect(name),
      async () => ops.events.on('a:b', () => undefined, { group: name }),
    ]
    for (const attempt of attempts) {
      const error = await attempt().then(
        () => undefined,
        (reason: unknown) => reason as Error,
      )
      expect([JSON.stringify(character), error?.name]).toEqual([
        JSON.stringify(character),
        'TypeError',
      ])
      expect(UNSAFE.exec(error!.message)).toBeNull()
    }
  }
  expect(namesIn(home)).toEqual([])
})
