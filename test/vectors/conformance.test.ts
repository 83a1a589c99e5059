import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

import { createTestCoordinator } from '@cli-ops/shared-ipc/testing'
import { describe, expect, onTestFinished, test } from 'vitest'

import { createLocalDriver } from '../../packages/core/src/drivers/local/local-driver.js'
import { root } from '../../scripts/workspaces.mjs'

// The references are precise enough if programs written from them, in other languages, pass the same vectors.

interface Participant {
  readonly language: string
  /** Ends with 0 if it can run here. */
  readonly probe: readonly [string, ...string[]]
  readonly serve: readonly [string, ...string[]]
  /** Missing for the kit, which reads what the others have emitted. */
  readonly reads?: string
  readonly emits: string
}

const CLI_OPS = join(root, 'packages/cli/dist/main.js')
// The interpreter itself: the one in PATH can be a script that first looks for one, at each of a hundred starts.
const PYTHON =
  spawnSync('python3', ['-c', 'import sys; print(sys.executable)'], {
    encoding: 'utf8',
  }).stdout?.trim() ?? 'python3'
const PERL_MODULES = ['-MJSON::PP', '-MMath::BigFloat', '-MDigest::SHA', '-MIO::Socket::UNIX']

const PARTICIPANTS: readonly Participant[] = [
  {
    language: 'the kit',
    probe: [process.execPath, '--version'],
    serve: [process.execPath, join(root, 'test/vectors/kit-server.mjs'), 'tried'],
    emits: `'${process.execPath}' '${CLI_OPS}' emit`,
  },
  {
    language: 'Python',
    probe: [PYTHON, '-c', 'import sys; sys.exit(sys.version_info < (3, 10))'],
    serve: [PYTHON, join(root, 'examples/python/serve.py'), 'tried'],
    reads: `'${PYTHON}' '${join(root, 'examples/python/cli_ops.py')}' events`,
    emits: `'${PYTHON}' '${join(root, 'examples/python/cli_ops.py')}' emit`,
  },
  {
    language: 'Perl',
    probe: ['perl', ...PERL_MODULES, '-e', '0'],
    serve: ['perl', join(root, 'examples/perl/cli_ops.pl'), 'serve', 'tried'],
    reads: `perl '${join(root, 'examples/perl/cli_ops.pl')}' events`,
    emits: `perl '${join(root, 'examples/perl/cli_ops.pl')}' emit`,
  },
]

interface Totals {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

/** Runs `cli-ops conformance`; returns what failed or was skipped, and the totals. */
async function conformance(home: string, ...args: readonly string[]) {
  const env = { ...process.env, CLI_OPS_HOME: home }
  const words = [CLI_OPS, 'conformance', '--json', '--timeout', '60s', ...args]
  const { code, stdout, stderr } = await new Promise<{
    readonly code: number
    readonly stdout: string
    readonly stderr: string
  }>((resolve) => {
    execFile(process.execPath, words, { env, maxBuffer: 2 ** 26 }, (error, out, err) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout: out, stderr: err })
    })
  })
  const lines = stdout.trim().split('\n')
  const results = lines.slice(0, -1).map((line) => JSON.parse(line) as Record<string, string>)
  const totals = lines.at(-1) === '' ? undefined : (JSON.parse(lines.at(-1) ?? '') as Totals)
  return { code, stderr, totals, others: results.filter(({ outcome }) => outcome !== 'passed') }
}

function temporaryHome(): string {
  const ops = createTestCoordinator({ storage: 'disk' })
  onTestFinished(() => ops.close())
  return ops.home
}

/** Starts a server; resolves when it has printed where it listens. */
async function serve(home: string, [file, ...args]: Participant['serve']): Promise<ChildProcess> {
  const env = { ...process.env, CLI_OPS_HOME: home, XDG_RUNTIME_DIR: home }
  const child = spawn(file, args, { env, stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  await once(createInterface(child.stdout), 'line')
  return child
}

describe.each(PARTICIPANTS)('$language', ({ language, probe, serve: server, reads, emits }) => {
  const [program, ...args] = probe
  const isMissing = process.platform === 'win32' || spawnSync(program, args).status !== 0

  test('answers requests as the wire vectors say, and leaves nothing behind', async (context) => {
    context.skip(isMissing, `${program} is not installed here, or too old`)
    const home = temporaryHome()
    const child = await serve(home, server)
    const { others, totals, stderr, code } = await conformance(home, 'tried')
    expect({ others, stderr, code }).toEqual({ others: [], stderr: '', code: 0 })
    expect(totals?.passed).toBeGreaterThan(100)
    child.kill('SIGTERM')
    await once(child, 'exit')
    expect(readdirSync(join(home, 'registry'))).toEqual([])
    expect(readdirSync(home).filter((name) => name.endsWith('.sock'))).toEqual([])
    const [runtime = ''] = readdirSync(home).filter((name) => /^cli-ops/u.test(name))
    expect(readdirSync(join(home, runtime))).toEqual([])
  })

  test('reads the logs of the vectors, and appends to them', async (context) => {
    context.skip(isMissing, `${language} is not installed here, or too old`)
    const home = temporaryHome()
    const reader = reads === undefined ? [] : ['--reads', reads]
    const { others, totals, code } = await conformance(home, ...reader, '--emits', emits)
    expect({ others, code }).toEqual({ others: [], code: 0 })
    expect(totals?.passed).toBeGreaterThan(25)
  })
})

/** Registers a server of this test under a name. */
async function register(home: string, answer: (message: { id: unknown }) => unknown) {
  const endpoint = join(home, 'server.sock')
  const server = createServer((socket) => {
    const lines = createInterface(socket)
    // The readline interface emits the errors of its input.
    for (const emitter of [socket, lines]) emitter.on('error', () => undefined)
    // A header is not a line that ever ends.
    socket.once('data', (chunk: Buffer) => {
      if (chunk.toString().startsWith('C')) socket.destroy()
    })
    lines.on('line', (line) => {
      try {
        socket.write(`${JSON.stringify(answer(JSON.parse(line) as { id: unknown }))}\n`)
      } catch {
        socket.destroy()
      }
    })
  })
  server.listen(endpoint)
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const driver = createLocalDriver({ home, namespace: '' })
  await driver.registry!.register({
    name: 'tried',
    instance: '0f3a5c7e9b1d',
    pid: process.pid,
    startedAt: 0,
    endpoint,
    metadata: {},
  })
}

test('reports what is wrong with a server, and ends with 1', async () => {
  const home = temporaryHome()
  const pong = { maxMessageBytes: 1024 }
  // A server as written in an afternoon: it only knows lines, and forgets the version.
  await register(home, ({ id }) => ({ id, result: pong }))
  const { code, others } = await conformance(home, 'tried')
  expect(code).toBe(1)
  expect(others.find(({ vector }) => vector === 'a ping (lines)')?.['reason']).toContain(
    'not a JSON-RPC 2.0 message',
  )
  expect(others.find(({ vector }) => vector === 'a ping (content-length)')?.['reason']).toContain(
    'the server closed the connection',
  )
})

test('skips what a CLI does not serve, and runs none of its methods', async () => {
  await using ops = createTestCoordinator({ name: 'tried', storage: 'disk' })
  const asked: string[] = []
  const server = ops.serve()
  server.handle('deploy', () => asked.push('deploy'))
  server.on('request', () => asked.push('request'))
  await server.ready
  const { code, others, totals } = await conformance(ops.home, 'tried')
  expect({ code, asked }).toEqual({ code: 0, asked: [] })
  expect(new Set(others.map(({ outcome }) => outcome))).toEqual(new Set(['skipped']))
  expect(totals).toMatchObject({ failed: 0, skipped: others.length })
})

test('fails a program that follows nothing of the log', async () => {
  const home = temporaryHome()
  const { code, totals } = await conformance(home, '--reads', 'true', '--emits', 'true')
  expect(code).toBe(1)
  // A program that prints nothing reads a log without events correctly.
  expect(totals?.passed).toBe(2)
})

test('distinguishes an unknown name, and nothing to try, from failures', async () => {
  const home = temporaryHome()
  expect(await conformance(home, 'nobody')).toMatchObject({ code: 2 })
  expect(await conformance(home)).toMatchObject({ code: 2 })
})
