import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

import { describe, expect, onTestFinished, test } from 'vitest'

import { freePort } from '../../../../test/engines/free-port.js'
import { firstLine } from '../../../../test/engines/server-process.js'
import { HUB_LIMITS } from '../../src/serve/hub-limits.js'
import { parseServeOptions } from '../../src/serve/serve-options.js'
import { BIN, CliOpsUser } from '../fixtures/cli-ops-user.js'

const NOTIFY_SOCKET = fileURLToPath(new URL('../fixtures/notify-socket.py', import.meta.url))
const hasSystemdNotify =
  spawnSync('systemd-notify', ['--version']).status === 0 &&
  spawnSync('python3', ['--version']).status === 0

/** Stands for systemd. Resolves to the messages that it gets, one after the other. */
async function startManager(user: CliOpsUser) {
  const path = join(user.directory, 'notify')
  const child = spawn('python3', [NOTIFY_SOCKET, path])
  onTestFinished(() => void child.kill('SIGKILL'))
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const next = async (): Promise<string> => {
    for (;;) {
      const { value = '' } = (await lines.next()) as { value?: string }
      const message = JSON.parse(value) as string
      if (message !== 'BARRIER=1') return message
    }
  }
  expect(await next()).toBe('bound')
  return { path, next }
}

describe('cli-ops serve as a service', { timeout: 60_000 }, () => {
  // systemd-notify comes with systemd; python3 stands for the other end.
  test.skipIf(!hasSystemdNotify)('tells systemd when it serves, reloads and stops', async () => {
    const manager = await startManager(new CliOpsUser())
    const user = new CliOpsUser({ NOTIFY_SOCKET: manager.path })
    const program = user.start('serve', '--port', '0')
    expect(await manager.next()).toMatch(/^READY=1\nSTATUS=serving at ws:\/\/127\.0\.0\.1:\d+$/u)
    program.child.kill('SIGHUP')
    expect(await manager.next()).toMatch(/^RELOADING=1\nMONOTONIC_USEC=\d+$/u)
    expect(await manager.next()).toMatch(/^READY=1\n/u)
    program.child.kill('SIGTERM')
    expect(await manager.next()).toMatch(/^STOPPING=1\n/u)
    expect(await program.ended).toMatchObject({ status: 'SIGTERM' })
  })

  test('serves all the same where systemd-notify is missing, and says so', async () => {
    const user = new CliOpsUser({ NOTIFY_SOCKET: '/nowhere', PATH: '/nowhere' })
    const program = user.start('serve', '--port', '0')
    await program.says('could not notify systemd: cannot run systemd-notify (ENOENT)')
    program.child.kill('SIGTERM')
    const { stdout } = await program.ended
    expect(stdout).toMatch(/^ws:/u)
  })

  test('listens on the socket that systemd has opened', async () => {
    const opened = createServer().listen(0, '127.0.0.1')
    onTestFinished(() => void opened.close())
    await once(opened, 'listening')
    const { port } = opened.address() as { port: number }
    const user = new CliOpsUser()
    // As systemd does it: the pid is known once the program has begun.
    const script = `LISTEN_PID=$$ LISTEN_FDS=1 exec "${process.execPath}" "${BIN}" serve`
    const handle = (opened as unknown as { _handle: { fd: number } })._handle
    const child = spawn('sh', ['-c', script], {
      stdio: ['ignore', 'pipe', 'inherit', handle.fd],
      env: user.env,
    })
    onTestFinished(() => void child.kill('SIGKILL'))
    expect(await firstLine(child)).toBe(`ws://127.0.0.1:${port}`)
  })

  test('takes over the port of a hub that ends, and says that it waits', async () => {
    const user = new CliOpsUser()
    const port = String(await freePort())
    const first = user.start('serve', '--port', port)
    await first.says('press Ctrl-C to stop')
    const second = user.start('serve', '--port', port, '--takeover', '1m')
    await second.says(`waiting for 127.0.0.1 port ${port}: another process listens there still`)
    first.child.kill('SIGTERM')
    await second.says('press Ctrl-C to stop')
    expect((await first.ended).status).toBe('SIGTERM')
    expect(second.stdout()).toBe(`ws://127.0.0.1:${port}\n`)
    const check = await user.run('serve', '--check', `ws://127.0.0.1:${port}`)
    expect(check).toMatchObject({ status: 0 })
  })

  test('is asked how it is below its path', async () => {
    const user = new CliOpsUser()
    const program = user.start('serve', '--port', '0', '--path', '/ops')
    await program.says('press Ctrl-C to stop')
    const url = program.stdout().trim()
    expect(url).toMatch(/\/ops$/u)
    expect(await user.run('serve', '--check', url)).toMatchObject({ status: 0 })
    const elsewhere = await user.run('serve', '--check', new URL('/', url).href)
    expect(elsewhere).toMatchObject({ status: 1 })
  })
})

describe('the options of serve', () => {
  test.each([
    ['--max-connections', '0', /a whole number from 1 to 1000000, got "0"/u],
    ['--max-connections-per-key', '1.5', /a whole number .*got "1\.5"/u],
    ['--max-in-flight', '1KiB', /a whole number .*got "1KiB"/u],
    ['--max-message', '1KiB', /a size from 64\.0 KiB to 1\.0 GiB.*got "1KiB"/u],
    ['--max-unread', 'much', /a size .*got "much"/u],
    ['--lease', '1ms', /a duration from 100 ms to 1 h, got "1ms"/u],
    ['--drain', '-1s', /a duration .*got "-1s"/u],
    ['--takeover', '2d', /a duration from 0 ms to 24 h, got "2d"/u],
    ['--path', 'ops', /begin with "\/".*got "ops"/u],
  ])('%s %s: which rule it breaks', (option, value, rule) => {
    const { member } = HUB_LIMITS.find(({ flag }) => `--${flag}` === option) ?? {}
    const name = option.slice(2).replace(/-(.)/gu, (_, letter: string) => letter.toUpperCase())
    const options = { host: '127.0.0.1', port: 0, store: 'local:', [name]: value }
    expect(() => parseServeOptions(options, '/home')).toThrow(rule)
    expect(() => parseServeOptions(options, '/home')).toThrow(`${option} must `)
    expect(() => parseServeOptions(options, '/home')).toThrow(TypeError)
    expect(member !== undefined || option === '--path').toBe(true)
  })

  test('are read in their units', () => {
    const given = {
      maxMessage: '512KiB',
      maxUnread: '1GiB',
      drain: '1m30s',
      maxSessionsPerKey: '7',
    }
    const options = { host: '127.0.0.1', port: 0, store: 'local:', path: '/a/b', ...given }
    expect(parseServeOptions(options, '/home')).toMatchObject({
      maxFrameBytes: 512 * 1024,
      maxBufferedBytes: 1024 ** 3,
      drainMs: 90_000,
      maxSessionsPerKey: 7,
      path: '/a/b',
    })
  })
})
