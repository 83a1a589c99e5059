import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { root } from '../../scripts/workspaces.mjs'
import { freePort } from './free-port.js'
import { firstLine, ServerProcess } from './server-process.js'
import { removeFolder } from '../../packages/core/test/fixtures/remove-folder.mjs'

const BIN = join(root, 'packages/cli/dist/main.js')

/** A `cli-ops serve` on a free port, with a private home, that can be suspended, killed and restarted. */
export class HubServer extends ServerProcess {
  readonly port: number
  readonly home = mkdtempSync(join(tmpdir(), 'cli-ops-hub-'))
  /** The secret of an access key for everything. */
  readonly secret: string
  readonly #options: readonly string[]
  /** The processes it has started: one of them outlives it. */
  readonly #children = new Set<number>()

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

  /** Returns its URL behind a proxy on another port. The secret belongs in `CLI_OPS_TOKEN`. */
  urlAt(port: number): string {
    return `ws://127.0.0.1:${port}`
  }

  override async kill(signal?: NodeJS.Signals): Promise<void> {
    if (this.pid > 0 && existsSync(childrenFile(this.pid)))
      for (const pid of readFileSync(childrenFile(this.pid), 'utf8').trim().split(' '))
        this.#children.add(Number(pid))
    await super.kill(signal)
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

  /** Ends it, along with the process that would keep its clients' leases for the next hub, and removes its home. */
  async stop(): Promise<void> {
    await this.kill()
    for (const pid of this.#children) if (isKeeper(pid)) process.kill(pid, 'SIGKILL')
    removeFolder(this.home)
  }

  get #env(): NodeJS.ProcessEnv {
    return { ...process.env, CLI_OPS_HOME: this.home, XDG_RUNTIME_DIR: this.home, CI: undefined }
  }
}

function childrenFile(pid: number): string {
  return `/proc/${pid}/task/${pid}/children`
}

/** Returns whether a process still keeps the leases of a hub that has gone. */
function isKeeper(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').startsWith('cli-ops hub: keeps leases')
  } catch {
    return false
  }
}
