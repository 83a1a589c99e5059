import { spawn } from 'node:child_process'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { createCoordinator, type LockInfo, type ServiceInfo } from '@cli-ops/shared-ipc'
import { onTestFinished } from 'vitest'

import { root } from '../../scripts/workspaces.mjs'
import { removeFolder } from '../../packages/core/test/fixtures/remove-folder.mjs'

/** A third-party program, as npm has installed it, and how to attach the plugin to it. */
export interface AttachedCli {
  readonly name: string
  /** File below the workspace's node_modules. */
  readonly program: string
  /** Options of node for the run with the plugin. */
  readonly nodeOptions?: readonly string[]
  /** Returns the environment of a run with the plugin or without it. */
  env?(isAttached: boolean): Readonly<Record<string, string>>
}

/** One run of it. */
export interface CliRun {
  readonly args: readonly string[]
  readonly cwd: string
  readonly home: string
  /** False for the run without the plugin. */
  readonly plugin?: boolean
  /** Sent once the program has written "ready". */
  readonly send?: NodeJS.Signals
}

/** What a run shows to the outside. */
export interface CliResult {
  readonly exitCode: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

/** Creates a separate folder for one test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'cli-ops-'))
  onTestFinished(() => {
    removeFolder(folder)
  })
  return folder
}

/** Writes what a person configures for a CLI they only installed. */
export function configure(home: string, name: string, options: object): void {
  writeFileSync(join(home, 'config.json'), JSON.stringify({ clis: { [name]: options } }))
}

/** Runs the program as a separate process, to its end. */
export function runCli(cli: AttachedCli, run: CliRun): Promise<CliResult> {
  const isAttached = run.plugin !== false
  const program = join(root, 'node_modules', cli.program)
  const nodeOptions = isAttached ? (cli.nodeOptions ?? []) : []
  const child = spawn(process.execPath, [...nodeOptions, program, ...run.args], {
    cwd: run.cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...withoutTestRunner(process.env),
      CLI_OPS_HOME: run.home,
      NO_COLOR: '1',
      ...cli.env?.(isAttached),
    },
  })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
    if (run.send !== undefined && text.includes('ready')) child.kill(run.send)
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (exitCode, signal) => {
      resolve({ exitCode, signal, stdout, stderr })
    })
  })
}

// These programs behave differently under a test runner: oclif prints stacks, c8 collects the runner's coverage.
function withoutTestRunner(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const dropped = /^(?:VITEST|NODE_ENV|NODE_V8_COVERAGE|NODE_OPTIONS|TEST|FORCE_COLOR)/u
  return Object.fromEntries(Object.entries(env).filter(([name]) => !dropped.test(name)))
}

/** What the programs of a home have left there. */
export interface HomeContents {
  readonly events: readonly { readonly type: string; readonly data: Record<string, unknown> }[]
  readonly instances: readonly ServiceInfo[]
  readonly locks: readonly LockInfo[]
}

/** Inspects a home, as another process would. */
export async function lookInside(home: string): Promise<HomeContents> {
  await using ops = createCoordinator({ name: 'observer', home })
  // The next process to look reports what a killed process could not.
  await ops.registry.cleanDeadProcesses()
  const events = await ops.events.read('*', { from: 'earliest' })
  return {
    events: events.map(({ type, data }) => ({ type, data: data as Record<string, unknown> })),
    instances: await ops.registry.discover(),
    locks: await ops.locks.list(),
  }
}
