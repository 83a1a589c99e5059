import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, describe, expect, test } from 'vitest'

import type { Framework, Shape } from './shape.js'
import { type OneRun, ShapeProgram } from './shape-program.js'
import { commanderFramework } from './shapes/commander-framework.js'
import { yargsFramework } from './shapes/yargs-framework.js'

/** Replaces `fs` by one without files, as mock-fs and memfs do, once the program has loaded what it needs. */
const WITHOUT_FILES = `const fs = process.getBuiltinModule('node:fs')
const replaceFiles = (code) => {
  for (const [name, value] of Object.entries(fs)) {
    if (typeof value !== 'function' || !name.endsWith('Sync') || name.startsWith('write')) continue
    fs[name] = (path) => {
      throw Object.assign(new Error(code + ': no files here, not even ' + path), { code })
    }
  }
}
`

/** A program with the command `add`, which replaces `fs` before it parses. */
interface Program {
  readonly title: string
  readonly framework: Framework
  source(action: string, code?: string): string
}

const PROGRAMS: readonly Program[] = [
  {
    title: 'commander',
    framework: commanderFramework('commander', 'commander', true),
    source: (action, code = 'ENOENT') => `${WITHOUT_FILES}
    const program = attach(new Command('host'))
    program.command('add').action(${action})
    replaceFiles('${code}')
    program.parse()`,
  },
  {
    title: 'yargs',
    framework: yargsFramework('yargs', 'yargs', true),
    source: (action, code = 'ENOENT') => `${WITHOUT_FILES}
    const program = attach(yargs(args)).command('add', 'adds', {}, ${action})
    replaceFiles('${code}')
    program.parse()`,
  },
]

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'cli-ops-')))
afterAll(() => {
  rmSync(folder, { recursive: true, maxRetries: 3 })
})

const WORK = `() => console.log('added')`

function newRun(
  { framework }: Program,
  source: string,
  settings: Partial<Shape> & { readonly env?: Readonly<Record<string, string>> } = {},
): OneRun {
  const { env = {}, rules = [] } = settings
  const shape: Shape = { title: '', args: ['add'], source, rules }
  return new ShapeProgram(framework, shape, folder).newRun({ hasPlugin: true, env })
}

async function expectRefused(run: OneRun, reason: RegExp): Promise<void> {
  const line = expect.stringMatching(/^host: [^\n]+\n$/u) as string
  const end = await run.end()
  expect(end).toEqual({ status: 69, stdout: '', stderr: line })
  expect(end.stderr).toMatch(reason)
}

describe.each(PROGRAMS)('$title: a program that has replaced fs', (program) => {
  test('runs as without the plugin where that is disabled, and says nothing', async () => {
    const env = { CLI_OPS_DISABLED: '1' }
    const run = newRun(program, program.source(`locked(${WORK})`), { env, rules: ['add'] })
    expect(await run.end()).toEqual({ status: 0, stdout: 'added\n', stderr: '' })
  })

  test('runs a command without a lock, with one warning', async () => {
    const { stderr, ...end } = await newRun(program, program.source(WORK)).end()
    expect(end).toEqual({ status: 0, stdout: 'added\n' })
    expect(stderr).toMatch(/^host: continuing without [^\n]*no files here[^\n]*\n$/u)
  })

  test('does not run a command whose rule has a lock', async () => {
    const run = newRun(program, program.source(WORK), { rules: ['add'] })
    await expectRefused(run, /cannot lock: .*no files here/u)
  })

  test('does not run a handler under a lock', async () => {
    const { status, stdout, stderr } = await newRun(
      program,
      program.source(`locked(${WORK})`),
    ).end()
    expect({ status, stdout }).toEqual({ status: 69, stdout: '' })
    expect(stderr).toMatch(/^host: cannot lock: .*no files here/mu)
    expect(stderr).not.toMatch(/^ +at /mu)
  })

  test('runs nothing where the files are there, but cannot be read: nobody knows what rules they hold', async () => {
    await expectRefused(newRun(program, program.source(WORK, 'EIO')), /no files here/u)
  })
})

test('a lock among files that no other process sees is none', async () => {
  const [commander] = PROGRAMS
  const source = `import { createRequire } from 'node:module'
    const program = attach(new Command('host').exitOverride())
    program.command('list').action(() => console.log('listed'))
    program.command('add').action(() => console.log('added'))
    program.parse(['list'], { from: 'user' })
    createRequire(import.meta.url)('@cli-ops/shared-ipc/command/parts')
    ${WITHOUT_FILES}
    replaceFiles('ENOENT')
    const made = []
    fs.mkdirSync = (path) => made.push(path)
    process.on('exit', () => console.log('made', made.length))
    program.parse(['add'], { from: 'user' })`
  // A home that is there already would be missed in another way.
  const run = newRun(commander!, source, {
    rules: ['add'],
    env: { CLI_OPS_HOME: join(mkdtempSync(join(folder, 'new-')), 'home') },
  })
  const { status, stdout, stderr } = await run.end()
  expect({ status, stdout }).toEqual({ status: 69, stdout: 'listed\nmade 0\n' })
  expect(stderr).toMatch(/^host: cannot use .* has replaced node:fs with files/mu)
})
