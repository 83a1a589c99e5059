import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { root } from '../../scripts/workspaces.mjs'
import { freePort } from './free-port.js'
import { firstLine, ServerProcess } from './server-process.js'
import { removeFolder } from '../../packages/core/test/fixtures/remove-folder.js'

const BIN = join(root, 'packages/cli/dist/main.js')

/** A `cli-ops serve` on a free port, with a home of its own, that can be suspended, killed and started again. */
export class HubServer extends ServerProcess {
  readonly port: number
  readonly home = mkdtempSync(join(tmpdir(), 'cli-ops-hub-'))
  /** The secret of an access key for everything. */
  readonly secret: string
  readonly #options: readonly string[]

  private constructor(port: number, options: readonly string[]) {
    super()
    this.port = port
    this.#options = options
    const args = ['key', 'add', 'all', '--scope', 'read,emit,lock,call']
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

  protected launch(): ChildProcess {
    const args = ['serve', '--port', String(this.port), '--quiet', ...this.#options]
    return spawn(process.execPath, [BIN, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: this.#env,
    })
  }

  protected async untilReady(child: ChildProcess): Promise<void> {
    await firstLine(child)
  }

  /** Ends it and removes its home. */
  async stop(): Promise<void> {
    await this.kill()
    removeFolder(this.home)
  }

  get #env(): NodeJS.ProcessEnv {
    return { ...process.env, CLI_OPS_HOME: this.home, XDG_RUNTIME_DIR: this.home, CI: undefined }
  }
}
