import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { root } from '../workspaces.mjs'

const CLI_OPS = join(root, 'packages/cli/dist/main.js')
const TEAM_CLI = join(root, 'packages/cli/test/fixtures/team-cli.mjs')

/** A few real CLIs at work in a temporary home: one deploys, others wait for it, and it has deployed before. */
export class Team {
  #folder = mkdtempSync(join(tmpdir(), 'cli-ops-team-'))
  /** @type {Set<import('node:child_process').ChildProcess>} */
  #running = new Set()

  /** Starts it, and returns it once everything is as it should look. */
  static async start() {
    const team = new Team()
    try {
      await team.#begin()
    } catch (error) {
      await team.close()
      throw error
    }
    return team
  }

  /** The environment of its programs. */
  get env() {
    return {
      ...process.env,
      USER: 'dev',
      LOGNAME: 'dev',
      HOME: this.#folder,
      CLI_OPS_HOME: join(this.#folder, '.local/share/cli-ops'),
      XDG_RUNTIME_DIR: join(this.#folder, 'run'),
      PATH: [join(this.#folder, 'bin'), process.env['PATH']].join(delimiter),
      TERM: 'xterm-256color',
      CI: undefined,
      NO_COLOR: undefined,
      FORCE_COLOR: undefined,
    }
  }

  get folder() {
    return this.#folder
  }

  /** The path of its `cli-ops`. */
  get cliOps() {
    return join(this.#folder, 'bin/cli-ops')
  }

  async close() {
    const ended = [...this.#running].map((child) => once(child, 'exit'))
    for (const child of this.#running) child.kill('SIGTERM')
    await Promise.all(ended)
    rmSync(this.#folder, { recursive: true, force: true })
  }

  async #begin() {
    for (const name of ['bin', 'run']) mkdirSync(join(this.#folder, name), { mode: 0o700 })
    this.#script('cli-ops', `exec '${process.execPath}' '${CLI_OPS}' "$@"`)
    this.#script('report.sh', 'exec true')
    this.#script('deploy.sh', 'echo begun; exec sleep "$1"')
    const deploy = ['cli-ops', 'run', '--lock', 'production', '--label']
    for (const release of ['4.0', '4.1', '4.2']) {
      const child = this.#start([...deploy, `release ${release}`, '--', 'deploy.sh', '2'])
      await once(child, 'exit')
    }
    await this.#begun([...deploy, 'release 4.3', '--', 'deploy.sh', '600'])
    await this.#begun(this.#cli('cli-beta', 'import', '--lock', 'task-database', '--serve'))
    await this.#begun(this.#cli('cli-gamma', 'watch', '--serve', '--emit', 'project:created={}'))
    this.#start(this.#cli('cli-beta', 'sync', '--lock', 'production'))
    await this.#untilWaiting('production', 1)
    this.#start([...deploy, 'smoke test', '--', 'deploy.sh', '1'])
    await this.#untilWaiting('production', 2)
  }

  /** @param {readonly string[]} args */
  #cli(...args) {
    // As if each were installed under its name.
    return [process.execPath, `--title=${args.join(' ')}`, TEAM_CLI, ...args]
  }

  /**
   * @param {string} name
   * @param {string} text
   */
  #script(name, text) {
    const path = join(this.#folder, 'bin', name)
    writeFileSync(path, `#!/bin/sh\n${text}\n`)
    chmodSync(path, 0o755)
  }

  /** @param {readonly string[]} command */
  #start([file = '', ...args]) {
    const child = spawn(file, args, { env: this.env, stdio: ['ignore', 'pipe', 'ignore'] })
    this.#running.add(child)
    child.once('exit', () => this.#running.delete(child))
    return child
  }

  /**
   * Starts a program, and waits for its first line.
   *
   * @param {readonly string[]} command
   */
  async #begun(command) {
    const lines = createInterface({ input: this.#start(command).stdout })
    await once(lines, 'line')
  }

  /**
   * @param {string} resource
   * @param {number} count
   */
  async #untilWaiting(resource, count) {
    for (;;) {
      const child = this.#start(['cli-ops', 'locks', '--json'])
      let text = ''
      child.stdout.on('data', (data) => (text += String(data)))
      await once(child, 'close')
      /** @type {{ resource: string, waiting: unknown[] }[]} */
      const locks = JSON.parse(text)
      if (locks.some((lock) => lock.resource === resource && lock.waiting.length >= count)) return
    }
  }
}
