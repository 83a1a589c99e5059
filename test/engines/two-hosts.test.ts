import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'

import { makeCertificate } from './certificate.js'
import { hasRedisServer } from './redis-server.js'
import { canMakeHosts, TwoHosts } from './two-hosts.js'

interface Engine {
  readonly title: string
  readonly isThere: boolean
  /** Starts the engine on the build host, and resolves to the environment that leads to it. */
  start(hosts: TwoHosts): Promise<Readonly<Record<string, string>>>
}

const REDIS: Engine = {
  title: 'one Redis',
  isThere: hasRedisServer(),
  start: (hosts) => {
    const { build, directory } = hosts
    hosts.spawn(build, 'redis-server', [
      ...['--port', '6379', '--save', '', '--bind', build.address],
      ...['--protected-mode', 'no', '--dir', directory],
    ])
    return Promise.resolve({ CLI_OPS_URL: `redis://${build.address}` })
  },
}

const HUB: Engine = {
  title: 'one hub, over TLS',
  isThere: true,
  start: async (hosts) => {
    const { build, directory } = hosts
    const { ca, cert, key } = makeCertificate(directory, [`IP:${build.address}`])
    const scopes = ['--scope', 'read,emit,lock,call']
    const { stdout } = await hosts.run(build, 'cli-ops', [
      'serve',
      'token',
      'add',
      'all',
      ...scopes,
    ])
    const secret = join(directory, 'secret')
    writeFileSync(secret, stdout, { mode: 0o600 })
    hosts.start(build, 'cli-ops', [
      ...['serve', '--host', build.address, '--tls-cert', cert, '--tls-key', key],
    ])
    return {
      CLI_OPS_URL: `wss://${build.address}:4711`,
      CLI_OPS_TOKEN_FILE: secret,
      CLI_OPS_WEBSOCKET_TLS_CA_FILE: ca,
    }
  },
}

const canRun = canMakeHosts()

describe.each([REDIS, HUB].filter(({ isThere }) => isThere && canRun))(
  'three CLIs on two hosts, with $title',
  { timeout: 180_000 },
  (engine) => {
    let hosts: TwoHosts

    beforeAll(async () => {
      hosts = new TwoHosts()
      Object.assign(hosts.env, await engine.start(hosts), {
        CLI_OPS_LEASE_MS: '2000',
      })
      const deadline = performance.now() + 60_000
      for (;;) {
        // A server that has just started grants no lock until every lease that it cannot know of has ended.
        const args = ['run', '--lock', 'ready', '--', 'true']
        const { exitCode, stderr } = await hosts.run(hosts.laptop, 'cli-ops', args)
        if (exitCode === 0) break
        if (performance.now() > deadline) throw new Error(`the engine does not start: ${stderr}`)
        await delay(100)
      }
    }, 90_000)

    afterAll(() => hosts.close())

    test('the hosts share nothing but the wire', async () => {
      const { exitCode } = await hosts.run(hosts.laptop, 'cli-alpha', ['list'])
      expect(exitCode).toBe(0)
      expect(
        spawnSync('ip', ['netns', 'exec', hosts.laptop.name, 'ip', 'route']).stdout.toString(),
      ).not.toContain('default')
    })

    test('one receives the others’ events from the other host', async () => {
      const watch = hosts.start(hosts.build, 'cli-alpha', ['watch'])
      await hosts.until(watch, 'watching')
      expect((await hosts.run(hosts.laptop, 'cli-beta', ['add', 'Lamp'])).exitCode).toBe(0)
      expect((await hosts.run(hosts.laptop, 'cli-gamma', ['create', 'House'])).exitCode).toBe(0)
      await hosts.until(watch, 'item:created {')
      await hosts.until(watch, 'project:created {')

      // It is found and answers, across the hosts.
      const status = await hosts.run(hosts.laptop, 'cli-beta', ['status'])
      expect(status.stdout).toMatch(/^cli-alpha .*tasks: 0/mu)
      watch.child.kill('SIGINT')
      await watch.ended
      // Its companion ends after it.
      await vi.waitFor(async () => {
        const { stdout } = await hosts.run(hosts.laptop, 'cli-beta', ['status'])
        expect(stdout).toContain('no other CLI is running')
      }, 30_000)
    })

    test('one waits for a lock on the other host, and is told the holder', async () => {
      for (const title of ['one', 'two', 'three', 'four']) {
        await hosts.run(hosts.build, 'cli-alpha', ['add', title])
      }
      const list = join(hosts.directory, hosts.build.name, 'list.json')
      const { stdout } = await hosts.run(hosts.build, 'cli-alpha', ['list', '--json'])
      writeFileSync(list, stdout)
      const sync = hosts.start(hosts.laptop, 'cli-alpha', ['sync', '--from', list, '--pace', '700'])
      await hosts.until(sync, 'syncing')
      const add = hosts.start(hosts.build, 'cli-alpha', ['add', 'five'])
      await hosts.until(add, 'waiting for "task-database"')
      // Place and time come before the holder where the first line is late.
      expect(add.seen.stderr).toMatch(
        /waiting for "task-database",.* held for .* by cli-alpha sync/u,
      )
      expect(await sync.ended).toBe(0)
      expect(await add.ended).toBe(0)
    })

    test('a killed owner on the other host does not block', async () => {
      const list = join(hosts.directory, hosts.build.name, 'list.json')
      const sync = hosts.start(hosts.build, 'cli-alpha', [
        'sync',
        '--board',
        `${list}.md`,
        '--from',
        list,
        '--pace',
        '5000',
      ])
      await hosts.until(sync, 'syncing')
      sync.child.kill('SIGKILL')
      const add = await hosts.run(hosts.laptop, 'cli-alpha', ['add', 'after the crash'])
      expect(add).toMatchObject({ exitCode: 0 })
    })
  },
)
