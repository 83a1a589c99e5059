import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

import type { HubToken } from '@cli-ops/driver-websocket/hub'
import type { EngineFaults } from '@cli-ops/shared-ipc/testing'

import { faultsOf } from '../../../test/engines/engine-faults.js'

const PROGRAM = fileURLToPath(new URL('hub-program.mjs', import.meta.url))

/** Options of {@link HubProcess.start}. */
export interface HubProcessOptions {
  readonly tokens: readonly HubToken[]
  readonly storeUrl?: string
  readonly leaseMs?: number
  /** @default a new one, that is removed at the end */
  readonly home?: string
}

/** A hub in a process of its own, on a free port, that can be suspended, killed and started again. */
export class HubProcess {
  readonly home: string
  readonly #options: HubProcessOptions
  readonly #ownsHome: boolean
  #child: ChildProcess | undefined
  #url: URL | undefined

  private constructor(options: HubProcessOptions) {
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

  get pid(): number {
    return this.#child?.pid ?? 0
  }

  pause(): void {
    this.#child?.kill('SIGSTOP')
  }

  resume(): void {
    this.#child?.kill('SIGCONT')
  }

  /** Ends the hub with SIGKILL, or another signal. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.#child
    this.#child = undefined
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill(signal)
    await ended
  }

  /** Starts the hub, on the port that it had. Resolves when it listens. */
  async restart(): Promise<void> {
    await this.kill()
    const { tokens, storeUrl = 'local:', leaseMs = 10_000 } = this.#options
    const options = {
      port: this.port || 0,
      tokens,
      leaseMs,
      store: { url: storeUrl, home: this.home },
    }
    const child = spawn(process.execPath, [PROGRAM, JSON.stringify(options)], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, CLI_OPS_URL: '' },
    })
    this.#child = child
    for await (const line of createInterface({ input: child.stdout })) {
      this.#url = new URL(line)
      return
    }
    throw new Error('the hub does not start')
  }

  async stop(): Promise<void> {
    await this.kill()
    if (this.#ownsHome) rmSync(this.home, { recursive: true, force: true })
  }

  /** The faults of the conformance suite, staged on this hub. */
  get faults(): Required<EngineFaults> {
    return faultsOf(this, 'ws')
  }
}
