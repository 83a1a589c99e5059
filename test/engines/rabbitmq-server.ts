import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

import { faultsOf, type ServerFaults } from './engine-faults.js'
import { freePort } from './free-port.js'

/** The script from the package: `/usr/sbin/rabbitmq-server` switches to another user, and uses that user's directories. */
const SCRIPT = '/usr/lib/rabbitmq/bin/rabbitmq-server'
/** Erlang takes a second of processor time to start, and a busy machine has little. */
const START_TIMEOUT_MS = 180_000
/**
 * If it is killed too soon after its first stream was created, a broker does not find its stream coordinator again, and
 * streams are unusable.
 */
const FORGETFUL_MS = 1_000
/** One scheduler that does not spin: tests share a small machine with it. */
const ERLANG = '+S 1:1 +sbwt none +sbwtdcpu none +sbwtdio none'

/** Returns whether a RabbitMQ server can be started here, and says so if not. */
export function hasRabbitServer(): boolean {
  const isThere = existsSync(SCRIPT)
  if (!isThere) {
    process.stderr.write(
      `\n*** no ${SCRIPT} (package rabbitmq-server): its tests are SKIPPED ***\n\n`,
    )
  }
  return isThere
}

/** How to start a server. */
export interface RabbitServerOptions {
  /** Further lines of `rabbitmq.conf`: `['listeners.ssl.default = 7671']`. */
  readonly settings?: readonly string[]
}

/**
 * A private RabbitMQ node on free ports, with private data, logs, cookie and port mapper daemon (epmd). It can be
 * suspended, killed and restarted.
 */
export class RabbitServer {
  readonly port: number
  readonly #ports: { readonly distribution: number; readonly names: number }
  readonly #directory = mkdtempSync(join(tmpdir(), 'cli-ops-rabbit-'))
  #children: ChildProcess[] = []

  private constructor(port: number, distribution: number, names: number) {
    this.port = port
    this.#ports = { distribution, names }
  }

  static async start({ settings = [] }: RabbitServerOptions = {}): Promise<RabbitServer> {
    const server = new RabbitServer(await freePort(), await freePort(), await freePort())
    server.#configure(settings)
    try {
      await server.restart()
    } catch (error) {
      await server.stop()
      throw error
    }
    return server
  }

  get url(): string {
    return `amqp://127.0.0.1:${this.port}`
  }

  /** Sends SIGSTOP: connections stay open, nothing is answered. */
  pause(): void {
    this.#broker?.kill('SIGSTOP')
  }

  resume(): void {
    this.#broker?.kill('SIGCONT')
  }

  /** Ends the server with SIGKILL, once its streams are safely recorded. */
  async kill(): Promise<void> {
    await delay(FORGETFUL_MS)
    await this.#end()
  }

  async #end(): Promise<void> {
    const children = this.#children
    this.#children = []
    await Promise.all(
      children.map(async (child) => {
        if (child.exitCode !== null || child.signalCode !== null) return
        const ended = once(child, 'exit')
        child.kill('SIGKILL')
        await ended
      }),
    )
  }

  /** Restarts the server on its ports, with its stored data. Resolves when it answers. */
  async restart(): Promise<void> {
    await this.#end()
    const env = this.#environment()
    const options = { stdio: 'ignore', env } as const
    const names = spawn('epmd', ['-port', String(this.#ports.names)], options)
    const broker = spawn(SCRIPT, [], options)
    this.#children = [broker, names]
    const deadline = performance.now() + START_TIMEOUT_MS
    while (!(await answers(this.port))) {
      if (performance.now() > deadline || broker.exitCode !== null)
        throw new Error(`rabbitmq-server does not start:\n${this.#lastWords()}`)
      await delay(20)
    }
  }

  /** Runs a command of `rabbitmqctl` and resolves to its output. */
  async control(...args: string[]): Promise<string> {
    const child = spawn('/usr/lib/rabbitmq/bin/rabbitmqctl', ['-q', ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: this.#environment(),
    })
    let output = ''
    child.stdout.on('data', (text: Buffer) => (output += text.toString()))
    child.stderr.on('data', (text: Buffer) => (output += text.toString()))
    const [exitCode] = (await once(child, 'close')) as [number | null]
    if (exitCode !== 0) throw new Error(`rabbitmqctl ${args.join(' ')}: ${output}`)
    return output
  }

  /** Ends the server and removes its data. */
  async stop(): Promise<void> {
    await this.#end()
    rmSync(this.#directory, { recursive: true, force: true, maxRetries: 5 })
  }

  /** The faults of the conformance suite, staged on this server. */
  get faults(): ServerFaults {
    return faultsOf(this, 'amqp')
  }

  get #broker(): ChildProcess | undefined {
    return this.#children[0]
  }

  /** Returns the end of its log. */
  #lastWords(): string {
    const log = join(this.#directory, 'log', `${this.#node}.log`)
    return existsSync(log) ? readFileSync(log, 'utf8').slice(-2_000) : 'it has no log'
  }

  get #node(): string {
    return `cli-ops-${this.port}@localhost`
  }

  #configure(settings: readonly string[]): void {
    mkdirSync(join(this.#directory, 'home'))
    writeFileSync(join(this.#directory, 'plugins'), '[].\n')
    const lines = [
      `listeners.tcp.1 = 127.0.0.1:${this.port}`,
      'log.console = false',
      'disk_free_limit.absolute = 1MB',
      ...settings,
    ]
    writeFileSync(join(this.#directory, 'rabbitmq.conf'), `${lines.join('\n')}\n`)
  }

  #environment(): NodeJS.ProcessEnv {
    const inDirectory = (name: string): string => join(this.#directory, name)
    return {
      PATH: process.env['PATH'],
      LANG: 'C.UTF-8',
      // The cookie is created there.
      HOME: inDirectory('home'),
      ERL_EPMD_PORT: String(this.#ports.names),
      ERL_EPMD_ADDRESS: '127.0.0.1',
      RABBITMQ_NODENAME: this.#node,
      RABBITMQ_DIST_PORT: String(this.#ports.distribution),
      RABBITMQ_MNESIA_BASE: inDirectory('data'),
      RABBITMQ_LOG_BASE: inDirectory('log'),
      RABBITMQ_CONFIG_FILE: inDirectory('rabbitmq.conf'),
      RABBITMQ_CONF_ENV_FILE: '/dev/null',
      RABBITMQ_ENABLED_PLUGINS_FILE: inDirectory('plugins'),
      RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: ERLANG,
      // The script execs the broker, so that a signal reaches it.
      detached: '1',
    }
  }
}

/** Returns whether a broker is there: it answers the protocol header with a frame. */
function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' }, () =>
      socket.write('AMQP\u0000\u0000\u0009\u0001'),
    )
    const settle = (isThere: boolean): void => {
      socket.destroy()
      resolve(isThere)
    }
    socket.on('error', () => {
      settle(false)
    })
    socket.on('close', () => {
      settle(false)
    })
    socket.on('data', () => {
      settle(true)
    })
  })
}
