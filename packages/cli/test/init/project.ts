import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

import { transformSync } from 'esbuild'

import { root } from '../../../../scripts/workspaces.mjs'
import { CliOpsUser } from '../fixtures/cli-ops-user.js'

/** Files by path; anything but text becomes JSON as npm writes it. */
export type Files = Readonly<Record<string, unknown>>

/** A package on disk, with its dependencies installed, for a user who has `cli-ops`. */
export class WiredProject {
  readonly user = new CliOpsUser()

  constructor(files: Files) {
    for (const [path, content] of Object.entries(files))
      this.write(
        path,
        typeof content === 'string' ? content : `${JSON.stringify(content, undefined, 2)}\n`,
      )
  }

  write(path: string, text: string): void {
    const file = join(this.user.directory, path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
  }

  read(path: string): string {
    return readFileSync(join(this.user.directory, path), 'utf8')
  }

  /** Does what `npm install` would do, from this repository's packages; `as` is the version if there are several. */
  install(as: Readonly<Record<string, string>> = {}): void {
    const { dependencies } = JSON.parse(this.read('package.json')) as {
      readonly dependencies: Readonly<Record<string, string>>
    }
    for (const name of Object.keys(dependencies)) {
      const place = join(this.user.directory, 'node_modules', name)
      mkdirSync(dirname(place), { recursive: true })
      if (!existsSync(place)) symlinkSync(join(root, 'node_modules', as[name] ?? name), place)
    }
  }

  /** Does what a build with tsc would do to one file. */
  build(source: string, output: string): void {
    this.write(output, transformSync(this.read(source), { loader: 'ts', format: 'esm' }).code)
  }

  /** Runs a program of the package to its end. */
  node(...args: readonly string[]) {
    const { status, stdout, stderr } = spawnSync(process.execPath, args, {
      cwd: this.user.directory,
      env: this.user.env,
      encoding: 'utf8',
    })
    return { status, stdout, stderr }
  }

  git(...args: readonly string[]): void {
    const who = ['-c', 'user.name=A', '-c', 'user.email=a@example.org']
    execFileSync('git', [...who, ...args], { cwd: this.user.directory, stdio: 'ignore' })
  }

  /** Returns the events that every run of a wired command leaves. */
  async events(): Promise<string[]> {
    const { stdout } = await this.user.run('events', '--json')
    return stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string; data: { command?: string } })
      .map(({ type, data }) => `${type} ${data.command ?? ''}`)
  }
}
