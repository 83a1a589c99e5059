import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

import { createCoordinator } from '@cli-ops/shared-ipc'
import { onTestFinished } from 'vitest'

import { root } from '../../../scripts/workspaces.mjs'

/** A copy of yargs, and how a program gets it. */
export interface YargsCopy {
  readonly title: string
  readonly isCommonJs: boolean
  readonly specifier: string
}

export const COPIES: readonly YargsCopy[] = [
  { title: 'yargs 17, ESM', isCommonJs: false, specifier: 'yargs-17' },
  { title: 'yargs 17, CommonJS', isCommonJs: true, specifier: 'yargs-17/yargs' },
  { title: 'yargs 18', isCommonJs: false, specifier: 'yargs' },
]

/** What a program shows to the outside. */
export interface ProgramResult {
  readonly exitCode: number | null
  readonly stdout: string
  readonly stderr: string
}

/** A yargs program in a temporary folder. Its source can use `yargs`, `args` and the plugin's exports. */
export class YargsProgram {
  readonly folder = mkdtempSync(join(tmpdir(), 'cli-ops-'))
  readonly home = mkdtempSync(join(tmpdir(), 'cli-ops-'))
  readonly #file: string

  constructor({ isCommonJs, specifier }: YargsCopy, source: string) {
    onTestFinished(() => {
      for (const folder of [this.folder, this.home]) rmSync(folder, { recursive: true })
    })
    symlinkSync(join(root, 'node_modules'), join(this.folder, 'node_modules'))
    this.#file = join(this.folder, isCommonJs ? 'host.cjs' : 'host.mjs')
    const names = '{ cliOps, withLock, emits, opsCommand }'
    const head = isCommonJs
      ? `const yargs = require('${specifier}')\nconst ${names} = require('@cli-ops/yargs-plugin')`
      : `import yargs from '${specifier}'\nimport ${names} from '@cli-ops/yargs-plugin'`
    writeFileSync(
      this.#file,
      `${head}
      const args = process.argv.slice(2)
      const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
      ${source}`,
    )
  }

  write(file: string, text: string): void {
    const path = join(this.folder, file)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
  }

  /** Runs the program as a separate process, to its end. */
  run(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<ProgramResult> {
    const child = spawn(process.execPath, [this.#file, ...args], {
      cwd: this.folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env['PATH'], LC_ALL: 'C', CLI_OPS_HOME: this.home, ...env },
    })
    let stdout = ''
    let stderr = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
    return new Promise((resolve, reject) => {
      child.once('error', reject)
      child.once('close', (exitCode) => {
        resolve({ exitCode, stdout, stderr })
      })
    })
  }

  /** Returns the events so far, as `type command exitCode`. */
  async events(): Promise<string[]> {
    await using ops = this.#observe()
    const events = await ops.events.read('*', { from: 'earliest' })
    return events.map(({ type, data }) => {
      const { command, exitCode } = data as {
        readonly command?: string
        readonly exitCode?: number
      }
      return [type, command, exitCode].filter((part) => part !== undefined && part !== '').join(' ')
    })
  }

  /** Runs an action while a lock is held in the name of another process. */
  async whileHeld<T>(resource: string, action: () => Promise<T>): Promise<T> {
    await using ops = this.#observe()
    await using lock = await ops.locks.lock(resource)
    const result = await action()
    lock.assertHeld()
    return result
  }

  /** Holds a lock until the program has begun its command. */
  async holdUntilStarted<T>(resource: string, action: () => Promise<T>): Promise<T> {
    await using ops = this.#observe()
    const started = ops.events.once('command:started')
    const lock = await ops.locks.lock(resource)
    const result = action()
    await started
    await lock.release()
    return await result
  }

  #observe() {
    return createCoordinator({ name: 'holder', home: this.home })
  }
}
