import { mkdtempSync, readFileSync, rmSync, utimesSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { afterAll } from 'vitest'

import { type Cli, runCli } from '../../benchmarks/startup/cli-runner.mjs'
import { installFixture } from '../../benchmarks/startup/install-fixture.mjs'
import { loadedBuiltins, loadedFiles, packageOf } from '../../benchmarks/startup/loaded-modules.mjs'

const FS_PROBE = fileURLToPath(new URL('fs-probe.cjs', import.meta.url))

/**
 * The CLIs that the benchmarks measure; each has the commands `add` and `sync`, the second under a lock. `kitFiles` are
 * loaded in any case, `commandFiles` when a command begins.
 */
export const FRAMEWORKS = [
  {
    name: 'commander',
    plugin: '@cli-ops/commander-plugin',
    libraries: ['commander'],
    kitFiles: [
      '@cli-ops/commander-plugin/dist/index.js',
      '@cli-ops/commander-plugin/dist/lazy.cjs',
    ],
    commandFiles: ['@cli-ops/commander-plugin/dist/lifecycle.cjs'],
  },
  {
    name: 'yargs',
    plugin: '@cli-ops/yargs-plugin',
    libraries: ['yargs'],
    kitFiles: ['@cli-ops/yargs-plugin/dist/index.js', '@cli-ops/yargs-plugin/dist/lazy.cjs'],
    commandFiles: [],
  },
  {
    name: 'oclif',
    plugin: '@cli-ops/oclif-plugin',
    libraries: ['@oclif/core'],
    kitFiles: ['@cli-ops/oclif-plugin/dist/hooks/init.js'],
    commandFiles: [
      '@cli-ops/oclif-plugin/dist/run-coordinated.js',
      '@cli-ops/oclif-plugin/dist/lazy.cjs',
    ],
  },
] as const

/** One CLI, installed as npm would, and a home in which every command has run before: a first run does more. */
export interface MeasuredCli {
  /** Returns the kit's files that a command loads, from the package's name on, and packages that the CLI alone does not load. */
  loads(
    args: readonly string[],
    when?: 'usual' | 'clean-up is due',
  ): { readonly kit: string[]; readonly foreign: string[] }
  /** Returns the built-in modules that a command loads and the CLI alone does not. */
  loadsOfNode(args: readonly string[]): string[]
  /** Returns the calls of `node:fs` that a command makes for the kit, without what changes from run to run. */
  calls(args: readonly string[]): string[]
}

/** Installs a CLI for the tests of a file. */
export function measuredCli(framework: (typeof FRAMEWORKS)[number]): MeasuredCli {
  const base = mkdtempSync(join(tmpdir(), 'cli-ops-'))
  afterAll(() => {
    rmSync(base, { recursive: true })
  })
  const { plain, plugin } = installFixture(
    { ...framework, libraries: [...framework.libraries] },
    ['plain', 'plugin'] as const,
    base,
  )
  const alone: Cli = { file: plain, home: join(base, 'home') }
  const coordinated: Cli = { file: plugin, home: join(base, 'home') }
  for (const args of [['add', 'x'], ['sync']]) runCli(coordinated, args)
  // A clean-up is due once a minute, and these tests can take longer.
  const cleanUpIn = (ms: number): void => {
    const noted = new Date(Date.now() - 60_000 + ms)
    utimesSync(join(coordinated.home, 'last-clean-up'), noted, noted)
  }
  const postponeCleanUp = (): void => cleanUpIn(90_000)
  return {
    loads(args, when) {
      const known = new Set(loadedFiles(alone, args, base).map(packageOf))
      cleanUpIn(when === 'clean-up is due' ? 0 : 90_000)
      const files = loadedFiles(coordinated, args, base)
      const isOfKit = (file: string): boolean => packageOf(file)?.startsWith('@cli-ops/') === true
      return {
        kit: files.filter(isOfKit).map((file) => file.slice(file.lastIndexOf('@cli-ops/'))),
        foreign: files
          .filter((file) => !isOfKit(file))
          .flatMap((file) => packageOf(file) ?? [])
          .filter((name) => !known.has(name)),
      }
    },
    loadsOfNode(args) {
      postponeCleanUp()
      const known = new Set(loadedBuiltins(alone, args, base))
      return loadedBuiltins(coordinated, args, base).filter((module) => !known.has(module))
    },
    calls(args) {
      postponeCleanUp()
      const file = join(base, 'calls.json')
      const probed = { ...coordinated, nodeArgs: ['--require', FS_PROBE] }
      // With a name in the environment, the user is not looked up.
      runCli(probed, args, { FS_PROBE_FILE: file, USER: 'somebody' })
      return (JSON.parse(readFileSync(file, 'utf8')) as string[]).map(withoutIdentity)
    },
  }
}

/** Removes what changes from run to run in names of records, locks and segments. */
function withoutIdentity(call: string): string {
  return call
    .replace(/\/[^/]+~[0-9a-f]{12}~p[^/]*\.json/u, '/<record>')
    .replace(/\/held~\d+~[^/]+$/u, '/<held>')
    .replace(/\/free~\d+$/u, '/<free>')
    .replace(/\d{8}\.ndjson$/u, '<segment>')
}
