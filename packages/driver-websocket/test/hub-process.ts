import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import type { AccessKey } from '@cli-ops/driver-websocket/hub'
import { faultsOf, type ServerFaults } from '../../../test/engines/engine-faults.js'
import { firstLine, ServerProcess } from '../../../test/engines/server-process.js'

const PROGRAM = fileURLToPath(new URL('hub-program.mjs', import.meta.url))

/** Options of {@link HubProcess.start}. */
export interface HubProcessOptions {
  readonly keys: readonly AccessKey[]
  readonly storeUrl?: string
  readonly leaseMs?: number
  /** @default a new one, removed at the end */
  readonly home?: string
}

/** A hub in a separate process, on a free port, that can be suspended, killed and restarted. */
export class HubProcess extends ServerProcess {
  readonly home: string
  readonly #options: HubProcessOptions
  readonly #ownsHome: boolean
  #url: URL | undefined

  private constructor(options: HubProcessOptions) {
    super()
    this.#options = options
    this.#ownsHome = options.home === undefined
    this.home = options.home ?? mkdtempSync(join(tmpdir(), 'cli-ops-hub-'))
  }

  static async start(options: HubProcessOptions): Promise<HubProcess> {
    const hub = new HubProcess(options)
    await hub.restart()
    return hub
  }

  get url(): string {
    return this.#url?.href ?? 'ws://127.0.0.1:1/'
  }

  get port(): number {
    return Number(this.#url?.port)
  }

  protected launch(): ChildProcess {
    const { keys, storeUrl = 'local:', leaseMs = 10_000 } = this.#options
    const options = {
      port: this.port || 0,
      keys,
      leaseMs,
      store: { url: storeUrl, home: this.home },
    }
    return spawn(process.execPath, [PROGRAM, JSON.stringify(options)], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, CLI_OPS_URL: '' },
    })
  }

  protected async untilReady(child: ChildProcess): Promise<void> {
    this.#url = new URL(await firstLine(child))
  }

  async stop(): Promise<void> {
    await this.kill()
    if (this.#ownsHome) rmSync(this.home, { recursive: true, force: true })
  }

  /** The faults of the conformance suite, staged on this hub. */
  get faults(): ServerFaults {
    return faultsOf(this, 'ws')
  }
}
