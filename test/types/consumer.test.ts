import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import process from 'node:process'

import { beforeAll, expect, onTestFinished, test } from 'vitest'

import { root } from '../../scripts/workspaces.mjs'

const TSC = createRequire(import.meta.url).resolve('typescript/bin/tsc')
const EXTRA_TYPINGS = '@commander-js/extra-typings'

function compile(args: readonly string[], cwd: string) {
  const { status, stdout } = spawnSync(process.execPath, [TSC, ...args], { cwd, encoding: 'utf8' })
  return { status, stdout }
}

/** A project that has installed the packages: copies, so that nothing in this workspace is found. */
function consumer(
  programs: readonly string[],
  options: { moduleResolution: string; extraTypings: boolean },
): string {
  const directory = mkdtempSync(join(tmpdir(), 'cli-ops-consumer-'))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  const modules = join(directory, 'node_modules')
  for (const [name, folder] of [
    ['shared-ipc', 'core'],
    ['commander-plugin', 'commander-plugin'],
  ] as const) {
    for (const part of ['package.json', 'dist']) {
      cpSync(join(root, 'packages', folder, part), join(modules, '@cli-ops', name, part), {
        recursive: true,
        filter: (path) => !/\.(?:c?js|map|tsbuildinfo)$/u.test(path),
      })
    }
  }
  for (const name of ['commander', 'zod', '@types/node']) link(modules, name, 'node_modules')
  if (options.extraTypings) {
    link(modules, EXTRA_TYPINGS, 'packages/commander-plugin/node_modules')
  }
  writeFileSync(join(directory, 'package.json'), '{ "type": "module" }')
  const files = programs.map((text, index) => {
    const file = `program-${index}.ts`
    writeFileSync(join(directory, file), text)
    return file
  })
  const { moduleResolution } = options
  const compilerOptions = {
    module: moduleResolution,
    moduleResolution,
    target: 'es2022',
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: false,
    noEmit: true,
    types: ['node'],
  }
  const config = { compilerOptions, files }
  writeFileSync(join(directory, 'tsconfig.json'), JSON.stringify(config))
  return directory
}

function link(modules: string, name: string, from: string): void {
  const path = join(modules, name)
  mkdirSync(dirname(path), { recursive: true })
  symlinkSync(join(root, from, name), path)
}

const PROGRAM = `
import { cliOps, emits, withLock } from '@cli-ops/commander-plugin'
import { EventBus, useOps } from '@cli-ops/shared-ipc'
import { standardEventSchemas } from '@cli-ops/shared-ipc/schemas'
import { createTestCoordinator } from '@cli-ops/shared-ipc/testing'

const program = new Command('cli').use(cliOps({ commands: { '*': { lock: 'db' } } }))
program.command('add <title>').action(withLock('db', emits('task:created', async (title: string) => ({ id: title }))))
program.command('list').action(async () => {
  const bus = new EventBus({ schemas: standardEventSchemas })
  bus.on('task:created', ({ id }) => id.length)
  await useOps().locks.acquire('db', () => createTestCoordinator().close())
})
// @ts-expect-error -- no plugin, but what makes one
program.use(cliOps)
`

beforeAll(() => {
  expect(compile(['-b', 'packages/commander-plugin'], root)).toEqual({ status: 0, stdout: '' })
}, 120_000)

test.each([
  { moduleResolution: 'node16', extraTypings: false, hosts: ['commander'] },
  { moduleResolution: 'nodenext', extraTypings: true, hosts: ['commander', EXTRA_TYPINGS] },
])(
  'the declarations compile with $moduleResolution for programs on $hosts',
  ({ hosts, ...options }) => {
    const directory = consumer(
      hosts.map((host) => `import { Command } from '${host}'\n${PROGRAM}`),
      options,
    )
    expect(compile(['-p', '.'], directory)).toEqual({ status: 0, stdout: '' })
  },
  120_000,
)
