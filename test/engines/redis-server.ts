import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

import { faultsOf, type ServerFaults } from './engine-faults.js'
import { freePort } from './free-port.js'
import { ServerProcess } from './server-process.js'
import { removeFolder } from '../../packages/core/test/fixtures/remove-folder.mjs'

const START_TIMEOUT_MS = 60_000

/** Returns whether this machine has a Redis server to test with, and says so if not. */
export function hasRedisServer(): boolean {
  const found = spawnSync('redis-server', ['--version']).status === 0
  if (!found) {
    process.stderr.write(
      '\n*** redis-server is not installed: the tests of the Redis driver are SKIPPED ***\n\n',
    )
  }
  return found
}

/** Options of {@link RedisServer.start}. */
export interface RedisServerOptions {
  /** Keeps its data across a restart, in an append-only file that is written before a reply. @default true */
  readonly isPersistent?: boolean
  /** Further lines of the configuration, as arguments: `['--requirepass', 'secret']`. */
  readonly settings?: readonly string[]
  /** Added to the environment of the server. */
  readonly env?: Readonly<Record<string, string>>
}

/** A private Redis server on a free port, with a private data directory, that can be suspended, killed and restarted. */
export class RedisServer extends ServerProcess {
  readonly port: number
  readonly #directory = mkdtempSync(join(tmpdir(), 'cli-ops-redis-'))
  readonly #options: RedisServerOptions

  private constructor(port: number, options: RedisServerOptions) {
    super()
    this.port = port
    this.#options = options
  }

  static async start(options: RedisServerOptions = {}): Promise<RedisServer> {
    const server = new RedisServer(await freePort(), options)
    await server.restart()
    return server
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`
  }

  protected launch(): ChildProcess {
    const { isPersistent = true, settings = [], env = {} } = this.#options
    const parameters = ['--port', String(this.port), '--bind', '127.0.0.1', '--save', '']
    const persistence = isPersistent ? ['--appendonly', 'yes', '--appendfsync', 'always'] : []
    return spawn(
      'redis-server',
      [...parameters, '--dir', this.#directory, ...persistence, ...settings],
      { stdio: 'ignore', env: { ...process.env, ...env } },
    )
  }

  protected async untilReady(): Promise<void> {
    const deadline = performance.now() + START_TIMEOUT_MS
    while (!(await answers(this.port))) {
      if (performance.now() > deadline) throw new Error('redis-server does not start')
      await delay(10)
    }
  }

  /** Ends the server and removes its data. */
  async stop(): Promise<void> {
    await this.kill()
    removeFolder(this.#directory)
  }

  /** The faults of the conformance suite, staged on this server. */
  get faults(): ServerFaults {
    return faultsOf(this, 'redis')
  }
}

/** Returns whether a server is there and has loaded its data. A refusal without a password counts as an answer. */
function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' }, () => socket.write('PING\r\n'))
    const settle = (isThere: boolean): void => {
      socket.destroy()
      resolve(isThere)
    }
    socket.on('error', () => {
      settle(false)
    })
    socket.on('data', (reply) => {
      settle(/^(?:\+PONG|-NOAUTH)/u.test(reply.toString('latin1')))
    })
  })
}
