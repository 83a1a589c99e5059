import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

import { LockManager } from '@cli-ops/shared-ipc'
import { connect, type NatsConnection } from '@nats-io/transport-node'

import { faultsOf, type ServerFaults } from './engine-faults.js'
import { freePort } from './free-port.js'
import { ServerProcess } from './server-process.js'
import { removeFolder } from '../../packages/core/test/fixtures/remove-folder.mjs'

const START_TIMEOUT_MS = 30_000

/** Returns whether this machine has a NATS server to test with, and says so if not. */
export function hasNats(): boolean {
  const isThere = spawnSync('nats-server', ['--version']).status === 0
  if (!isThere)
    process.stderr.write(
      '\n*** no nats-server on the path: the tests with NATS are SKIPPED ***\n\n',
    )
  return isThere
}

/** Options of {@link NatsServer.start}. */
export interface NatsServerOptions {
  /** Further arguments: `['--user', 'builder', '--pass', 'secret']`. */
  readonly args?: readonly string[]
  /** User information of its URL, with the `@`. */
  readonly user?: string
  /** The query of its URL. */
  readonly query?: string
  /** Text of a configuration file, which {@link NatsServer.reconfigure} can change. */
  readonly config?: string
  /** Whether to enable JetStream. @default true */
  readonly hasJetStream?: boolean
  /** @default a free one */
  readonly port?: number
}

/**
 * A private NATS server on a free port of the loopback interface, with a private store, that can be suspended, killed
 * and restarted.
 */
export class NatsServer extends ServerProcess {
  readonly port: number
  readonly #directory = mkdtempSync(join(tmpdir(), 'cli-ops-nats-'))
  readonly #options: NatsServerOptions

  private constructor(port: number, options: NatsServerOptions) {
    super()
    this.port = port
    this.#options = options
  }

  static async start(options: NatsServerOptions = {}): Promise<NatsServer> {
    const server = new NatsServer(options.port ?? (await freePort()), options)
    try {
      await server.restart()
    } catch (error) {
      await server.stop()
      throw error
    }
    return server
  }

  get url(): string {
    const { user = '', query = '' } = this.#options
    return `nats://${user}127.0.0.1:${this.port}${query}`
  }

  /** Connects anonymously; the caller ends the connection. */
  connect(): Promise<NatsConnection> {
    return connect({ servers: `127.0.0.1:${this.port}`, reconnect: false })
  }

  /** Sends a JetStream request. */
  async ask(of: string, what: object = {}): Promise<Record<string, unknown>> {
    const connection = await this.connect()
    try {
      const answer = await connection.request(`$JS.API.${of}`, JSON.stringify(what))
      return answer.json<Record<string, unknown>>()
    } finally {
      await connection.close()
    }
  }

  /** Creates the store of locks, and backdates it: a new one grants no lock for a lease. */
  async ageStore(): Promise<void> {
    await using locks = new LockManager({ url: this.url, home: tmpdir(), disabled: false })
    await locks.list()
    const connection = await this.connect()
    try {
      await connection.request('cli_ops.s.meta', '0')
    } finally {
      await connection.close()
    }
  }

  /** Returns the names of its streams. */
  async streams(): Promise<string[]> {
    const { streams } = await this.ask('STREAM.NAMES')
    return (streams ?? []) as string[]
  }

  /** Removes its stored data; the server must not be running. */
  forget(): void {
    removeFolder(this.#store)
  }

  /** Restarts the server with another configuration: after a reload, JetStream stops answering (2.9). */
  async reconfigure(config: string): Promise<void> {
    writeFileSync(this.#configFile, config)
    await this.restart()
  }

  /** Ends the server and removes its store. */
  async stop(): Promise<void> {
    await this.kill()
    removeFolder(this.#directory)
  }

  /** The faults of the conformance suite, staged on this server. */
  get faults(): ServerFaults {
    return faultsOf(this, 'nats', this.#options.user, this.#options.query)
  }

  get #store(): string {
    return join(this.#directory, 'store')
  }

  get #configFile(): string {
    return join(this.#directory, 'nats.conf')
  }

  protected launch(): ChildProcess {
    const { args = [], hasJetStream = true, config } = this.#options
    if (config !== undefined && !existsSync(this.#configFile))
      writeFileSync(this.#configFile, config)
    return spawn(
      'nats-server',
      [
        ...['-a', '127.0.0.1', '-p', String(this.port)],
        ...(hasJetStream ? ['-js', '-sd', this.#store] : []),
        ...(config === undefined ? [] : ['-c', this.#configFile]),
        ...args,
      ],
      { stdio: 'ignore', cwd: this.#directory },
    )
  }

  protected async untilReady(child: ChildProcess): Promise<void> {
    const deadline = performance.now() + START_TIMEOUT_MS
    for (;;) {
      try {
        const connection = await this.connect()
        await connection.close()
        return
      } catch (error) {
        // It is up if it requires credentials, or has a certificate.
        if (error instanceof Error && /authorization|certificate/iu.test(error.message)) return
        if (performance.now() > deadline || child.exitCode !== null) throw error
        await delay(20)
      }
    }
  }
}
