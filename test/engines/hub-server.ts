import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

import { root } from '../../scripts/workspaces.mjs'
import { freePort } from './redis-server.js'

const BIN = join(root, 'packages/cli/dist/main.js')

/** A `cli-ops serve` on a free port, with a home of its own, that can be suspended, killed and started again. */
export class HubServer {
  readonly port: number
  readonly home = mkdtempSync(join(tmpdir(), 'cli-ops-hub-'))
  /** The secret of a token for everything. */
  readonly secret: string
  readonly #options: readonly string[]
  #child: ChildProcess | undefined

  private constructor(port: number, options: readonly string[]) {
    this.port = port
    this.#options = options
    const args = ['token', 'add', 'all', '--scope', 'read,emit,lock,call']
    this.secret = execFileSync(process.execPath, [BIN, 'serve', ...args], {
      encoding: 'utf8',
      env: this.#env,
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim()
  }

  /** @param options further options of `serve`, such as `['--lease', '1s']` */
  static async start(options: readonly string[] = []): Promise<HubServer> {
    const server = new HubServer(await freePort(), options)
    await server.restart()
    return server
  }

  get url(): string {
    return this.urlAt(this.port)
  }

  /** Its URL as it is behind a proxy on another port. The secret belongs into `CLI_OPS_TOKEN`. */
  urlAt(port: number): string {
    return `ws://127.0.0.1:${port}`
  }

  /** Sends SIGSTOP: connections stay open, nothing is answered. */
  pause(): void {
    this.#child?.kill('SIGSTOP')
  }

  resume(): void {
    this.#child?.kill('SIGCONT')
  }

  /** Ends it with SIGKILL. */
  async kill(): Promise<void> {
    const child = this.#child
    this.#child = undefined
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
  }

  /** Starts it on its port, with what it had stored. Resolves when it listens. */
  async restart(): Promise<void> {
    await this.kill()
    const args = ['serve', '--port', String(this.port), '--quiet', ...this.#options]
    const child = spawn(process.execPath, [BIN, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: this.#env,
    })
    this.#child = child
    let said = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text))
    const lines = createInterface({ input: child.stdout })
    const first = await Promise.race([once(lines, 'line'), once(child, 'exit')])
    if (typeof first[0] !== 'string') throw new Error(`the hub does not start: ${said}`)
  }

  /** Ends it and removes its home. */
  async stop(): Promise<void> {
    await this.kill()
    rmSync(this.home, { recursive: true, force: true })
  }

  get #env(): NodeJS.ProcessEnv {
    return { ...process.env, CLI_OPS_HOME: this.home, XDG_RUNTIME_DIR: this.home, CI: undefined }
  }
}
