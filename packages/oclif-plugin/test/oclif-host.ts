import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

import { createCoordinator } from '@cli-ops/shared-ipc'
import { onTestFinished } from 'vitest'

import { root } from '../../../scripts/workspaces.mjs'

/** What a host shows to the outside. */
export interface HostResult {
  readonly exitCode: number | null
  readonly stdout: string
  readonly stderr: string
}

/** An oclif CLI in a temporary folder, with the plugin as an entry of `"plugins"`. */
export class OclifHost {
  readonly folder = mkdtempSync(join(tmpdir(), 'cli-ops-'))
  readonly home = mkdtempSync(join(tmpdir(), 'cli-ops-'))

  /** `commands` is a module that exports `COMMANDS`; `manifest` is added to its package.json. */
  constructor(
    commands: string,
    manifest: {
      readonly oclif?: object
      readonly cliOps?: unknown
      readonly dependencies?: object
      readonly [key: string]: unknown
    } = {},
  ) {
    onTestFinished(() => {
      for (const folder of [this.folder, this.home]) rmSync(folder, { recursive: true })
    })
    mkdirSync(join(this.folder, 'node_modules'))
    for (const scope of ['@cli-ops', '@oclif'])
      symlinkSync(join(root, 'node_modules', scope), join(this.folder, 'node_modules', scope))
    this.write('commands.mjs', commands)
    this.write(
      'package.json',
      JSON.stringify({
        name: 'host',
        version: '1.2.3',
        dependencies: { '@cli-ops/oclif-plugin': '*' },
        ...manifest,
        oclif: {
          bin: 'host',
          commands: { strategy: 'explicit', target: './commands.mjs', identifier: 'COMMANDS' },
          plugins: ['@cli-ops/oclif-plugin'],
          ...manifest.oclif,
        },
      }),
    )
    this.write(
      'run.mjs',
      `import { execute } from '@oclif/core'\nawait execute({ dir: import.meta.url })`,
    )
  }

  write(file: string, text: string): void {
    const path = join(this.folder, file)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
  }

  configure(options: object): void {
    writeFileSync(join(this.home, 'config.json'), JSON.stringify({ clis: { host: options } }))
  }

  /** Runs the host as a separate process, to its end. */
  run(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<HostResult> {
    const child = spawn(process.execPath, [join(this.folder, 'run.mjs'), ...args], {
      cwd: this.folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: process.env['PATH'],
        HOME: this.folder,
        CLI_OPS_HOME: this.home,
        NO_COLOR: '1',
        ...env,
      },
    })
    const read = async (stream: NodeJS.ReadableStream): Promise<string> => {
      let text = ''
      for await (const chunk of stream.setEncoding('utf8')) text += String(chunk)
      return text
    }
    const output = Promise.all([read(child.stdout), read(child.stderr)])
    return new Promise((resolve, reject) => {
      child.once('error', reject)
      child.once('close', (exitCode) => {
        output.then(([stdout, stderr]) => {
          resolve({ exitCode, stdout, stderr })
        }, reject)
      })
    })
  }

  /** Returns the events so far, as `type command`. */
  async events(): Promise<string[]> {
    await using ops = createCoordinator({ name: 'observer', home: this.home })
    const events = await ops.events.read('*', { from: 'earliest' })
    return events.map(({ type, data }) => {
      const { command } = data as { readonly command?: string }
      return command === undefined ? type : `${type} ${command}`.trim()
    })
  }

  /** Runs an action while a lock is held in the name of another process. */
  async whileHeld<T>(resource: string, action: () => Promise<T>): Promise<T> {
    await using ops = createCoordinator({ name: 'holder', home: this.home })
    await using lock = await ops.locks.lock(resource)
    const result = await action()
    lock.assertHeld()
    return result
  }
}

/** Returns the text of a file of the workspace. */
export function workspaceFile(path: string): string {
  return readFileSync(join(root, path), 'utf8')
}
