import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { temporaryHome } from '../../fixtures/temporary-home.js'

const SOURCES = fileURLToPath(new URL('../../../src/', import.meta.url))
const PACKAGES = fileURLToPath(new URL('../../../../../node_modules', import.meta.url))
const PROTOCOL = /^const PROTOCOL = (\d+)$/mu
const TOLD =
  /^script\.mjs: two incompatible copies of @cli-ops\/shared-ipc are loaded \(state 1 and 2\); the older one takes no locks: [^\n]*\n$/u

/** What a script has of the copies: all of them are whole kits, bundled from the sources. */
const USE_COPIES = `
const copy = (name) => import(\`./\${name}.mjs\`)
const codeOf = (work) => work.then(() => 'done', ({ code }) => code)
const show = (facts) => console.log(JSON.stringify(facts))
`

let folder: string

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'cli-ops-copies-'))
  symlinkSync(PACKAGES, join(folder, 'node_modules'))
  await Promise.all([bundleCopy('one', 1), bundleCopy('other', 1), bundleCopy('newer', 2)])
})

afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

async function bundleCopy(name: string, protocol: number): Promise<void> {
  await build({
    entryPoints: [join(SOURCES, 'index.ts')],
    outfile: join(folder, `${name}.mjs`),
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    logLevel: 'error',
    plugins: [
      {
        name: 'protocol',
        setup: ({ onLoad }) => {
          onLoad({ filter: /process-state\.ts$/ }, ({ path }) => {
            const source = readFileSync(path, 'utf8')
            expect(source).toMatch(PROTOCOL)
            const contents = source.replace(PROTOCOL, `const PROTOCOL = ${protocol}`)
            return { contents, loader: 'ts' }
          })
        },
      },
    ],
  })
}

async function runScript(body: string): Promise<{ facts: unknown; stderr: string }> {
  const script = join(folder, 'script.mjs')
  writeFileSync(script, USE_COPIES + body)
  const env = { ...process.env, CLI_OPS_HOME: temporaryHome() }
  const child = spawn(process.execPath, [script], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  await once(child, 'close')
  return { facts: stdout === '' ? undefined : JSON.parse(stdout), stderr }
}

test('compatible copies share the locks of a flow, the process and its record', async () => {
  const { facts, stderr } = await runScript(`
const { LockManager, createCoordinator, ServiceRegistry } = await copy('one')
const other = await copy('other')
const nested = await new LockManager('db').acquire(() => codeOf(new other.LockManager('db').acquire(() => 1)))
const ops = createCoordinator({ name: 'cli' })
const otherOps = other.createCoordinator({ name: 'cli' })
await ops.registry.register('cli', { role: 'one' })
await otherOps.registry.register('cli', { part: 'other' })
const { id } = await ops.events.emit('task:created', { id: '1' })
const { id: otherId } = await otherOps.events.emit('task:created', { id: '2' })
const found = await ops.registry.discover({ includeSelf: true })
show({ nested, ids: new Set([id, otherId]).size, found: found.map(({ role, part }) => [role, part]) })
await ops.close()
await otherOps.close()`)
  expect(stderr).toBe('')
  expect(facts).toEqual({ nested: 'LOCK_DEADLOCK', ids: 2, found: [['one', 'other']] })
})

test('an older copy beside a newer one takes no locks, says so once, and does the rest', async () => {
  const { facts, stderr } = await runScript(`
const newer = await copy('newer')
const held = await new newer.LockManager().lock('db')
const { LockManager, EventBus } = await copy('one')
const locks = new LockManager()
const codes = [
  await codeOf(locks.acquire('other', () => 1)),
  await codeOf(locks.lock('other')),
  await codeOf(locks.tryLock('other')),
  await codeOf((async () => locks.tryLockSync('other'))()),
]
const bus = new EventBus()
await bus.emit('task:created', { id: '1' })
const isLocked = await locks.isLocked('db')
const kept = (await new newer.EventBus().read('task:created')).length
await held.release()
show({ codes, isLocked, kept })`)
  expect(stderr).toMatch(TOLD)
  expect(facts).toEqual({ codes: Array(4).fill('UNSUPPORTED'), isLocked: true, kept: 1 })
})

test('an older copy stays out as soon as a newer one is used, and gives back what it holds', async () => {
  const { facts, stderr } = await runScript(`
const { LockManager } = await copy('one')
const locks = new LockManager()
const held = await locks.lock('db')
const newer = await copy('newer')
const newerLocks = new newer.LockManager()
const taken = await codeOf(newerLocks.acquire('other', () => 1))
const busy = await newerLocks.tryLock('db')
const refused = await codeOf(locks.lock('third'))
await held.release()
const released = await codeOf(newerLocks.acquire('db', () => 1))
show({ taken, busy, refused, released })`)
  expect(stderr).toMatch(TOLD)
  expect(facts).toEqual({ taken: 'done', busy: null, refused: 'UNSUPPORTED', released: 'done' })
})
