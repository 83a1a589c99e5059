import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { createCoordinator } from '@cli-ops/shared-ipc'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'

import { root } from '../../scripts/workspaces.mjs'
import { hasRedisServer, RedisServer } from './redis-server.js'
import { removeFolder } from '../../packages/core/test/fixtures/remove-folder.mjs'

const BIN = join(root, 'packages/cli/dist/main.js')

describe.runIf(hasRedisServer())('cli-ops run on an engine', { timeout: 60_000 }, () => {
  let server: RedisServer
  let directory: string
  beforeAll(async () => {
    server = await RedisServer.start()
  })
  afterAll(() => server.stop())
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'cli-ops-'))
  })
  afterEach(() => {
    removeFolder(directory)
  })

  /** Runs a shell script under the lock "db"; the files that it writes are relative. */
  function run(script: string) {
    const child = spawn(process.execPath, [BIN, 'run', '--lock', 'db', '--', 'sh', '-c', script], {
      stdio: ['ignore', 'pipe', 'pipe'],
      cwd: directory,
      env: {
        ...process.env,
        CLI_OPS_HOME: directory,
        CLI_OPS_URL: server.url,
        CLI_OPS_LEASE_MS: '3000',
        CI: undefined,
      },
    })
    let stderr = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
    return { child, stderr: () => stderr }
  }

  function text(name: string): string {
    const path = join(directory, name)
    return existsSync(path) ? readFileSync(path, 'utf8').trim() : ''
  }

  test('a program whose cli-ops was killed is asked to end before another one gets its lock', async () => {
    await using other = createCoordinator({ name: 'other', home: directory, url: server.url })
    const { child, stderr } = run(
      "trap 'echo asked >asked; exit' TERM; echo began; while :; do sleep 0.02; done",
    )
    await once(child.stdout, 'data')
    child.kill('SIGKILL')
    // The pipes stay open while any process has them: neither the program nor the watch is left.
    await once(child, 'close')
    expect(text('asked')).toBe('asked')
    expect(stderr()).toBe(
      'cli-ops: killed; the lock on "db" ends with its lease; asking the program to end\n',
    )
    await (await other.locks.lock('db', { timeoutMs: 20_000 })).release()
  })

  test('a wrong password is 77, not a busy lock', async () => {
    const url = new URL(server.url)
    url.username = 'nobody'
    url.password = 'wrong'
    const child = spawn(process.execPath, [BIN, 'run', '--lock', 'db', '--', 'echo', 'ran'], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, CLI_OPS_HOME: directory, CLI_OPS_URL: url.href, CI: undefined },
    })
    let output = ''
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (said: string) => (output += said))
    expect(await once(child, 'close')).toEqual([77, null])
    expect(output).toMatch(/^cli-ops: cannot use redis:.*\n$/u)
  })

  test('leaves nothing of the watch when a program ends or is ended', async () => {
    const { child, stderr } = run('echo $PPID >parent; exit 3')
    expect(await once(child, 'close')).toEqual([3, null])
    expect(stderr()).toBe('')

    const ended = run('echo began; exec sleep 60')
    await once(ended.child.stdout, 'data')
    ended.child.kill('SIGTERM')
    expect(await once(ended.child, 'close')).toEqual([null, 'SIGTERM'])
    expect(ended.stderr()).toBe('')
    await vi.waitFor(async () => {
      await using ops = createCoordinator({ name: 'other', home: directory, url: server.url })
      expect(await ops.locks.isLocked('db')).toBe(false)
    }, 60_000)
  })
})
