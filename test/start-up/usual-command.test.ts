import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { root } from '../../scripts/workspaces.mjs'
import { type ProgramEnd, startProgram } from '../host-edge/run-program.js'

/**
 * A usual command runs in a few lines of its own (`begin-usual-run.ts`), any other in a session, which also takes over when a usual one
 * needs more. What either leaves, and shows to others, has to be the same.
 */
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'cli-ops-')))
beforeAll(() => {
  // For the fixtures' imports.
  const link = `import { createRequire } from 'node:module'
export const require = createRequire(${JSON.stringify(join(root, 'packages/commander-plugin/package.json'))})`
  writeFileSync(join(folder, 'require.mjs'), link)
})
afterAll(() => {
  rmSync(folder, { recursive: true, maxRetries: 3 })
})

/** An option that nobody needs, so it makes a command unusual. */
const UNUSUAL = { lifecycleEvents: true }

const PROGRAM = `
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { require } from './require.mjs'
const { Command } = require('commander')
const { cliOps, withLock, useOps, emits } = require('@cli-ops/commander-plugin')
const home = process.env.CLI_OPS_HOME
const contentsOf = (part) => {
  const folder = join(home, part)
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => [entry.name, readFileSync(join(entry.parentPath, entry.name), 'utf8')])
}
const look = (what) => console.log(what + ' ' + JSON.stringify({ registry: contentsOf('registry'), locks: contentsOf('locks') }))
const rules = JSON.parse(process.env.RULES)
const program = new Command('host').version('1.2.3').use(cliOps({ name: 'host', ...rules }))
const turn = () => new Promise((resolve) => setImmediate(resolve))
`

interface Case {
  readonly title: string
  /** The action of the command \`work\`. */
  readonly action: string
  readonly rules?: object
  /** The home's `config.json`. */
  readonly config?: string
  /** Statements after the parse. */
  readonly after?: string
  readonly parse?: 'parse' | 'parseAsync'
  /** Needs more than a usual command, so a session takes over, or begins it. */
  readonly isMore?: boolean
}

const LOCKED = { commands: { work: { lock: 'db' } } }

const CASES: readonly Case[] = [
  { title: 'a synchronous action', action: `() => look('in')` },
  { title: 'an asynchronous action', action: `async () => { await turn(); look('in') }` },
  { title: 'an action that throws', action: `() => { throw new TypeError('no') }` },
  {
    title: 'an action that rejects with an error with a code',
    action: `async () => { await turn(); throw Object.assign(new Error('no'), { code: 'E_NO' }) }`,
  },
  { title: 'an action that rejects with no error', action: `async () => { throw 'no' }` },
  { title: 'an exit code', action: `() => { process.exitCode = 4 }` },
  { title: 'process.exit() in the action', action: `() => { look('in'); process.exit(3) }` },
  {
    title: 'a late exit code',
    action: `() => { process.on('exit', () => { process.exitCode = 5 }) }`,
  },
  { title: 'no action', action: '', after: `look('after')` },
  {
    title: 'an action that does nothing, and work after it',
    action: `() => {}`,
    after: `look('after')`,
  },
  { title: 'a lock of a rule', action: `() => look('in')`, rules: LOCKED, after: `look('after')` },
  {
    title: 'a lock of a rule with a label',
    action: `async () => { await turn(); look('in') }`,
    rules: {
      commands: { work: { lock: { resource: 'db', label: 'production', onBusy: 'fail' } } },
    },
  },
  { title: 'an option that is off', action: `() => look('in')`, rules: { disabled: false } },
  {
    title: 'a lock of a rule, and a failure',
    action: `() => { throw new Error('no') }`,
    rules: LOCKED,
  },
  {
    title: 'process.exit() under a lock of a rule',
    action: `() => process.exit(0)`,
    rules: LOCKED,
  },
  {
    title: 'withLock',
    action: `withLock('db', async () => { await turn(); look('in') })`,
    after: `look('after')`,
  },
  {
    title: 'a synchronous handler of withLock',
    action: `withLock('db', () => look('in'))`,
    after: `look('after')`,
  },
  {
    title: 'process.exit() within withLock',
    action: `withLock('db', async () => process.exit(2))`,
  },
  {
    title: 'a failure within withLock',
    action: `withLock('db', async () => { throw new Error('no') })`,
  },
  {
    title: 'withLock on the resource of the rule',
    action: `withLock('db', () => look('in'))`,
    rules: LOCKED,
    isMore: true,
  },
  {
    title: 'withLock within withLock',
    action: `withLock('a', () => withLock('b', () => look('in'))())`,
  },
  {
    title: 'withLock twice on one resource',
    action: `withLock('a', () => withLock('a', () => look('in'))())`,
    isMore: true,
  },
  {
    title: 'the same lock of a LockManager within the rule',
    action: `async () => { await useOps().locks.acquire('db', () => undefined).catch((error) => console.log(error.code)) }`,
    rules: LOCKED,
  },
  {
    title: 'the coordinator',
    action: `async () => { const ops = useOps(); await ops.events.emit('task:created', { id: '1', title: 'x' }); await ops.locks.acquire('other', () => look('in')) }`,
    rules: LOCKED,
  },
  {
    title: 'a server, whose endpoint is in the same record',
    action: `async () => { const server = useOps().serve(); await server.ready; console.log(contentsOf('registry').length); await server.close() }`,
  },
  { title: 'emits', action: `emits('task:created', () => ({ id: '1' }))`, isMore: true },
  {
    title: 'emits under withLock',
    action: `withLock('db', emits('task:created', async () => ({ id: '1' })))`,
    isMore: true,
  },
  {
    title: 'events of the rule',
    action: `() => ({ id: '1' })`,
    rules: { commands: { work: { lock: 'db', emits: 'task:created' } } },
    isMore: true,
  },
  {
    title: 'a rule of another command',
    action: `() => look('in')`,
    rules: { commands: { other: { lock: 'db' } } },
  },
  {
    title: 'a misspelt rule',
    action: `() => look('in')`,
    rules: { commands: { wrok: { lock: 'db' } } },
    isMore: true,
  },
  {
    title: 'a lock that is not one',
    action: `() => look('in')`,
    rules: { commands: { work: { lock: { resource: 'db', mode: 'shared' } } } },
    isMore: true,
  },
  { title: 'a second parse', action: `() => look('in')`, after: `program.parse()`, isMore: true },
  {
    title: 'a config.json about other CLIs',
    action: `() => look('in')`,
    config: JSON.stringify({ $schema: './schema.json', clis: { other: { commands: {} } } }),
  },
  {
    title: 'a config.json about this CLI',
    action: `() => look('in')`,
    config: JSON.stringify({ clis: { host: { commands: { work: { lock: 'db' } } } } }),
    isMore: true,
  },
  {
    title: 'a config.json with a comma too many',
    action: `() => look('in')`,
    config: '{ "clis": {}, }',
    isMore: true,
  },
  { title: 'a parse that is not awaited', action: `() => look('in')`, parse: 'parse' },
]

/** Notes that the full lifecycle is loaded, which can be as late as the end of the process. */
const WATCHED = `const Module = require('node:module')
const { _load: load } = Module
Module._load = (request, ...rest) => {
  if (request === '@cli-ops/shared-ipc/command/lifecycle') require('node:fs').writeFileSync(process.env.LOADED_FILE, '')
  return load(request, ...rest)
}`

function sourceOf({ action, after = '', parse = 'parseAsync' }: Case): string {
  const act = action === '' ? '' : `.action(${action})`
  const awaits = parse === 'parseAsync' ? 'await ' : ''
  return `${PROGRAM}
program.command('other').action(() => {})
program.command('work')${act}
${WATCHED}
${awaits}program.${parse}()
${after}
`
}

interface Run {
  readonly isLoaded: boolean
  readonly end: ProgramEnd
  readonly events: readonly unknown[]
  readonly left: Readonly<Record<string, readonly string[]>>
}

let count = 0

async function run(one: Case, more: object): Promise<Run> {
  count += 1
  const home = join(folder, `home-${count}`)
  const file = join(folder, `host-${count}.mjs`)
  const loadedFile = join(folder, `loaded-${count}`)
  writeFileSync(file, sourceOf(one))
  const start = (words: readonly string[], rules: object): Promise<ProgramEnd> =>
    startProgram(file, words, {
      cwd: folder,
      env: { CLI_OPS_HOME: home, RULES: JSON.stringify(rules), LOADED_FILE: loadedFile },
    }).ended
  // A first run creates the home, and every lock of the cases.
  const first = join(folder, 'first.mjs')
  writeFileSync(
    first,
    `${PROGRAM}
program.command('other').action(async () => {
  for (const resource of ['db', 'a', 'b', 'other']) await useOps().locks.acquire(resource, () => undefined)
})
await program.parseAsync()`,
  )
  await startProgram(first, ['other'], { cwd: folder, env: { CLI_OPS_HOME: home, RULES: '{}' } })
    .ended
  if (one.config !== undefined) writeFileSync(join(home, 'config.json'), one.config)
  const before = eventsIn(home).length
  const end = await start(['work'], { ...one.rules, ...more })
  return {
    isLoaded: existsSync(loadedFile),
    end: { ...end, stdout: settled(end.stdout), stderr: settled(end.stderr) },
    events: eventsIn(home).slice(before),
    left: Object.fromEntries(
      ['registry', 'locks', 'queues', 'claims'].map((part) => [part, filesIn(join(home, part))]),
    ),
  }
}

function eventsIn(home: string): unknown[] {
  const log = join(home, 'events')
  return readdirSync(log)
    .flatMap((name) => readFileSync(join(log, name), 'utf8').split('\n'))
    .filter((line) => line.includes('specversion'))
    .map((line) => JSON.parse(settled(line)) as unknown)
}

function filesIn(part: string): string[] {
  try {
    return readdirSync(part, { recursive: true, encoding: 'utf8' }).map(settled).sort()
  } catch {
    return []
  }
}

/** Replaces what differs from run to run. */
function settled(text: string): string {
  return text
    .replaceAll(/p\d+\.t\d+\.s\d+\.b[0-9a-f]+\.n\d+\.m[0-9a-f]+\.w\d+/gu, '<identity>')
    .replaceAll(/\b\d{16}\b/gu, '<token>')
    .replaceAll(/\b[0-9a-f]{12}\b/gu, '<instance>')
    .replaceAll(/(\\?"(?:pid|startedAt|since|durationMs|waitedMs|heldMs)\\?":)\d+/gu, '$10')
    .replaceAll(/(\\?"time\\?":\\?")[^"\\]+/gu, '$1<time>')
    .replaceAll(/host-\d+\.mjs/gu, 'host.mjs')
    .replaceAll(/\/home-\d+/gu, '/home')
    .replaceAll(/^(?: {4}at .*|file:.*)\n/gmu, '')
}

describe('a usual command', () => {
  test.each(CASES)('$title', async (one) => {
    const { isLoaded, ...usual } = await run(one, {})
    const { isLoaded: isSession, ...session } = await run(one, UNUSUAL)
    expect(usual).toEqual(session)
    expect([isLoaded, isSession]).toEqual([one.isMore === true, true])
  })
})
