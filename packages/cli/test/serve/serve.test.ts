import { once } from 'node:events'
import { chmodSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { connect } from 'node:tls'

import { createCoordinator, isCliOpsError } from '@cli-ops/shared-ipc'
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest'

import { makeCertificate } from '../../../../test/engines/certificate.js'
import { BIN, CliOpsUser, type RunningProgram } from '../fixtures/cli-ops-user.js'
import { noPseudoTerminal, PseudoTerminal } from '../fixtures/pseudo-terminal.js'

afterEach(() => {
  vi.unstubAllEnvs()
})

/** Starts a hub on a free port, and resolves to it and its URL. */
async function serve(user: CliOpsUser, ...args: readonly string[]) {
  const program = user.start('serve', '--port', '0', ...args)
  await Promise.race([once(program.child.stdout, 'data'), program.ended])
  const [first = ''] = program.stdout().split('\n')
  return {
    program,
    url: first.startsWith('{') ? (JSON.parse(first) as { url: string }).url : first,
  }
}

/** Makes an access key and puts it into the environment of this process. */
async function useKey(user: CliOpsUser, name: string, scopes: string): Promise<void> {
  const { stdout } = await user.run('serve', 'key', 'add', name, '--scope', scopes)
  vi.stubEnv('CLI_OPS_TOKEN', stdout.trim())
}

/** A client on "another machine": with a home of its own. */
function clientOf(url: string) {
  const { home } = new CliOpsUser()
  const ops = createCoordinator({ name: 'laptop', url, home, disabled: false })
  onTestFinished(() => ops.close())
  return ops
}

async function isRefused(url: string): Promise<boolean> {
  try {
    await clientOf(url).registry.discover()
    return false
  } catch (error) {
    return isCliOpsError(error, 'ENGINE_UNAVAILABLE') || isCliOpsError(error, 'FORBIDDEN')
  }
}

async function endOf({ child, ended }: RunningProgram, signal: NodeJS.Signals) {
  child.kill(signal)
  return ended
}

describe('cli-ops serve', { timeout: 60_000 }, () => {
  test('says where it is, what it accepts and how to let somebody in', async () => {
    const user = new CliOpsUser()
    const { program, url } = await serve(user)
    expect(url).toMatch(/^ws:\/\/127\.0\.0\.1:\d+$/u)
    await program.says('press Ctrl-C to stop\n')
    const { status, stdout, stderr } = await endOf(program, 'SIGTERM')
    expect({ status, stdout }).toEqual({ status: 'SIGTERM', stdout: `${url}\n` })
    expect(stderr).toBe(
      `cli-ops: listening on ${url}, store local:, 0 access keys; "cli-ops serve key add <name> --scope <scopes>" adds one; press Ctrl-C to stop\n` +
        'cli-ops: SIGTERM: notifying clients and shutting down\n',
    )
  })

  test('remote CLIs meet those of the machine', async () => {
    const user = new CliOpsUser()
    await useKey(user, 'laptop', 'read,emit,lock,call')
    const { program, url } = await serve(user)
    const laptop = clientOf(url)
    const lock = await laptop.locks.lock('deploy')
    const { stdout } = await user.run('locks')
    expect(stdout).toMatch(/^deploy .*laptop \(pid .*, access key laptop\)/mu)
    await lock.release()
    await laptop.events.emit('task:created', { id: '1', title: 'Write' })
    expect((await user.run('events')).stdout).toContain('task:created')
    await program.says('cli-ops: laptop at 127.0.0.1 connected')
    expect(await endOf(program, 'SIGINT')).toMatchObject({ status: 'SIGINT' })
  })

  test('an access key that is added is good at once; one that is revoked is cut off', async () => {
    const user = new CliOpsUser()
    const { program, url } = await serve(user)
    vi.stubEnv('CLI_OPS_TOKEN', 'guessed')
    expect(await isRefused(url)).toBe(true)
    await program.says('cli-ops: refused 127.0.0.1: the access key is missing, not known')
    const run = await user.run('--url', url, 'run', '--lock', 'deploy', '--', 'true')
    expect(run).toMatchObject({ status: 77, stdout: '' })

    await useKey(user, 'laptop', 'read')
    const laptop = clientOf(url)
    expect(await laptop.registry.discover()).toEqual([])
    await user.run('serve', 'key', 'revoke', 'laptop')
    await program.says(
      'cli-ops: laptop at 127.0.0.1 disconnected: the access key was revoked, was changed, or has expired (4401)',
    )
    expect(await isRefused(url)).toBe(true)
  })

  test('an access key file that others can write lets nobody new in, and is said once', async () => {
    const user = new CliOpsUser()
    await useKey(user, 'laptop', 'read')
    const { program, url } = await serve(user)
    const file = join(user.home, 'hub', 'tokens.json')
    chmodSync(file, 0o666)
    expect(await isRefused(url)).toBe(true)
    expect(await isRefused(url)).toBe(true)
    await program.says('refusing new clients: refusing to use')
    chmodSync(file, 0o600)
    expect(await isRefused(url)).toBe(false)
    await program.says('can be used again')
    const { stderr } = await endOf(program, 'SIGTERM')
    expect(stderr.match(/refusing new clients/gu)).toHaveLength(1)
  })

  test('doctor says what the access key is good for', async () => {
    const user = new CliOpsUser()
    await useKey(user, 'laptop', 'read,emit,lock,call')
    const { url } = await serve(user)
    const laptop = new CliOpsUser({ CLI_OPS_URL: url })
    const all = await laptop.run('doctor')
    expect(all).toMatchObject({ status: 0, stderr: '' })
    expect(all.stdout).toContain(
      'ok    access: the access key "laptop" allows read, emit, lock, call\n',
    )
    await useKey(user, 'wallboard', 'read')
    const some = await new CliOpsUser({ CLI_OPS_URL: url }).run('doctor')
    expect(some.status).toBe(0)
    expect(some.stdout).toContain(
      'warn  access: the access key "wallboard" allows read, but not emit, lock, call\n',
    )
    vi.stubEnv('CLI_OPS_TOKEN', 'guessed')
    const none = await new CliOpsUser({ CLI_OPS_URL: url }).run('doctor')
    expect(none.status).toBe(1)
    expect(none.stdout).toMatch(/FAIL {2}engine: .*access key/u)
    expect(none.stdout).not.toContain('guessed')
  })

  test('--check says how a hub is, and 1 where there is none', async () => {
    const user = new CliOpsUser()
    const { program, url } = await serve(user)
    expect(await user.run('serve', '--check', url)).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(
        /^ok: version .*, 0 connections, store local: reachable\n$/u,
      ) as string,
    })
    expect(await user.json('serve', '--check', url)).toMatchObject({ status: 'ok' })
    await endOf(program, 'SIGTERM')
    const { status, stdout, stderr } = await user.run('serve', '--check', url)
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
    expect(stderr).toMatch(/^cli-ops: no hub at 127\.0\.0\.1:\d+: .*ECONNREFUSED.*\n$/u)
    expect(await user.run('serve', '--check', 'http://x')).toMatchObject({ status: 2 })
  })

  test('--json and --quiet', async () => {
    const user = new CliOpsUser()
    await useKey(user, 'laptop', 'read')
    const { program, url } = await serve(user, '--json', '--quiet')
    expect(JSON.parse(program.stdout())).toEqual({ url, pid: program.child.pid })
    expect(await isRefused(url)).toBe(false)
    const { stderr } = await endOf(program, 'SIGTERM')
    const lines = stderr
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as object)
    expect(lines).toEqual([
      { time: expect.any(String) as string, message: expect.stringContaining(url) as string },
      { time: expect.any(String) as string, message: expect.stringContaining('SIGTERM') as string },
    ])
  })

  test('wrong options: 2, which one and why, and nothing is served', async () => {
    const user = new CliOpsUser()
    for (const [args, message] of [
      [['--host', '0.0.0.0'], /--host must be 127\.0\.0\.1.*got "0\.0\.0\.0"/u],
      [['--host', 'localhost.example'], /--host must be/u],
      [['--tls-cert', 'a.pem'], /--tls-key must be given together with --tls-cert/u],
      [
        ['--tls-cert', 'a.pem', '--tls-key', 'b.pem'],
        /--tls-cert must be a file .*"a\.pem" \(ENOENT\)/u,
      ],
      [['--port', '70000'], /must be a number from 0 to 65535/u],
      [['--lease', 'long'], /--lease must be a duration/u],
      [['--store', 'wss://other'], /store/u],
    ] as const) {
      const { status, stdout, stderr } = await user.run('serve', ...args)
      expect({ args, status, stdout }).toEqual({ args, status: 2, stdout: '' })
      expect(stderr).toMatch(message)
      expect(stderr).toMatch(/^[^\n]+\n$/u)
    }
  })

  test('a port that is in use: 1, in one line', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    onTestFinished(() => void other.close())
    await once(other, 'listening')
    const { port } = other.address() as { port: number }
    const { status, stderr } = await new CliOpsUser().run('serve', '--port', String(port))
    expect(status).toBe(1)
    expect(stderr).toMatch(/^cli-ops: .*\(EADDRINUSE\)\n$/u)
  })

  test('a certificate that ends soon, and a key that others can read, are said', async () => {
    const user = new CliOpsUser()
    const { cert, key } = makeCertificate(user.directory, ['IP:127.0.0.1'], 'hub', 5)
    chmodSync(key, 0o644)
    const { program } = await serve(user, '--tls-cert', cert, '--tls-key', key)
    await program.says(`cli-ops: other users can access ${key}; run "chmod 600" on it\n`)
    const { stderr } = await endOf(program, 'SIGTERM')
    expect(stderr).toMatch(/^cli-ops: the certificate expires on 20\d\d-\d\d-\d\d; renew it/mu)
  })

  test.skipIf(noPseudoTerminal !== undefined)(
    'ends where the terminal is closed that it was started in',
    async () => {
      const user = new CliOpsUser()
      const terminal = new PseudoTerminal([process.execPath, BIN, 'serve', '--port', '0'], user.env)
      await terminal.shows('press Ctrl-C to stop')
      terminal.hangUp()
      expect(await terminal.ended).toBe(129)
    },
  )

  test('SIGHUP reads the certificate anew, and keeps the old one where that cannot be', async () => {
    const user = new CliOpsUser()
    const first = makeCertificate(user.directory, ['IP:127.0.0.1'], 'first')
    const second = makeCertificate(user.directory, ['IP:127.0.0.1'], 'second')
    const tls = ['--tls-cert', first.cert, '--tls-key', first.key]
    const { program, url } = await serve(user, ...tls)
    const { port } = new URL(url)
    expect(await subjectAt(Number(port), first.ca)).toBe('first')

    writeFileSync(first.cert, readFileSync(second.cert))
    program.child.kill('SIGHUP')
    await program.says('SIGHUP: keeping the old certificate: ')
    expect(await subjectAt(Number(port), first.ca)).toBe('first')

    renameSync(second.key, first.key)
    program.child.kill('SIGHUP')
    await program.says('SIGHUP: new connections use the new certificate')
    expect(await subjectAt(Number(port), second.ca)).toBe('second')
    expect(await endOf(program, 'SIGTERM')).toMatchObject({ status: 'SIGTERM' })
  })
})

/** The name in the certificate that a port shows, checked by an authority. */
async function subjectAt(port: number, ca: string): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1', ca: readFileSync(ca) })
  await once(socket, 'secureConnect')
  const { CN } = socket.getPeerCertificate().subject
  socket.destroy()
  return String(CN)
}
