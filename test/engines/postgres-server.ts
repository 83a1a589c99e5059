import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import {
  chownSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

import { Client } from 'pg'

import { faultsOf, type ServerFaults } from './engine-faults.js'
import { freePort } from './free-port.js'
import { ServerProcess } from './server-process.js'
import { removeFolder } from '../../packages/core/test/fixtures/remove-folder.mjs'

const DEBIAN = '/usr/lib/postgresql'
const USER = 'postgres'
const START_TIMEOUT_MS = 30_000

/** Returns whether this machine has PostgreSQL to test with, and says so if not. */
export function hasPostgres(): boolean {
  const reason = whyNot()
  if (reason !== undefined)
    process.stderr.write(`\n*** ${reason}: the tests with PostgreSQL are SKIPPED ***\n\n`)
  return reason === undefined
}

function whyNot(): string | undefined {
  if (binaries() === undefined) return `no initdb below ${DEBIAN} or on the path`
  if (process.getuid?.() !== 0) return undefined
  if (idOf('-u') === undefined)
    return `PostgreSQL does not run as root, and there is no user "${USER}"`
  const isThere = spawnSync('setpriv', ['--version']).status === 0
  return isThere ? undefined : 'PostgreSQL does not run as root, and there is no setpriv'
}

/** Returns the folder of the newest version; empty if PATH has it. */
function binaries(): string | undefined {
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN) : []
  const folders = versions
    .filter((version) => existsSync(join(DEBIAN, version, 'bin', 'initdb')))
    .sort((one, other) => Number(other) - Number(one))
    .map((version) => join(DEBIAN, version, 'bin'))
  return folders[0] ?? (spawnSync('initdb', ['--version']).status === 0 ? '' : undefined)
}

function idOf(which: '-u' | '-g'): number | undefined {
  const { status, stdout } = spawnSync('id', [which, USER], { encoding: 'utf8' })
  return status === 0 ? Number(stdout) : undefined
}

/** Options of {@link PostgresServer.start}. */
export interface PostgresServerOptions {
  /** Lines of the configuration: `['fsync=off']`. */
  readonly settings?: readonly string[]
  /** How clients over TCP authenticate. @default trust */
  readonly auth?: 'trust' | 'scram-sha-256'
  /** Password of the superuser, with `auth`. */
  readonly password?: string
  /** Follows this server as its replica. */
  readonly primary?: PostgresServer
}

/**
 * A private PostgreSQL on a free port of the loopback interface, with a private cluster, that can be suspended, killed
 * and restarted.
 */
export class PostgresServer extends ServerProcess {
  readonly port: number
  readonly #directory = mkdtempSync(join(tmpdir(), 'cli-ops-postgres-'))
  readonly #prefix: readonly string[]
  readonly #options: PostgresServerOptions

  private constructor(port: number, options: PostgresServerOptions) {
    super()
    this.port = port
    this.#options = options
    this.#prefix = asUser(this.#directory)
  }

  static async start(options: PostgresServerOptions = {}): Promise<PostgresServer> {
    const server = new PostgresServer(await freePort(), options)
    if (options.primary === undefined) server.#initialize()
    else server.#copy(options.primary)
    await server.restart()
    return server
  }

  get url(): string {
    const { password } = this.#options
    const user = password === undefined ? USER : `${USER}:${encodeURIComponent(password)}`
    return `postgres://${user}@127.0.0.1:${this.port}/postgres`
  }

  /** Connects; the caller ends the connection. */
  async connect(): Promise<Client> {
    const client = new Client({ connectionString: this.url })
    await client.connect()
    return client
  }

  /** Sends SIGSTOP: connections stay open, nothing is answered. */
  override pause(): void {
    this.#signal('SIGSTOP')
  }

  override resume(): void {
    this.#signal('SIGCONT')
  }

  override async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    // Its processes are not in one group: survivors would keep the next server from starting.
    const children = signal === 'SIGKILL' ? childrenOf(this.pid) : []
    await super.kill(signal)
    for (const pid of children) send(pid, signal)
    while (children.some((pid) => existsSync(`/proc/${pid}/stat`))) await delay(5)
  }

  /** Promotes a replica to primary. */
  async promote(): Promise<void> {
    const client = await this.connect()
    await client.query('select pg_promote(true, 30)')
    await client.end()
  }

  /** Resolves when a replica has caught up with its primary's current state. */
  async caughtUp(primary: PostgresServer): Promise<void> {
    const [lsn] = await primary.#rows('select pg_current_wal_lsn()::text as lsn')
    const hasAll = `select pg_last_wal_replay_lsn() >= '${String(lsn?.['lsn'])}' as "hasAll"`
    while ((await this.#rows(hasAll))[0]?.['hasAll'] !== true) await delay(20)
  }

  /** Disconnects a replica from its primary. */
  async detach(): Promise<void> {
    await this.#rows('alter system set primary_conninfo = $$$$')
    await this.#rows('select pg_reload_conf()')
    const receivers = 'select from pg_stat_wal_receiver'
    while ((await this.#rows(receivers)).length > 0) await delay(20)
  }

  /** Returns a dump of a schema. */
  dump(schema: string): string {
    return run([program('pg_dump'), '--schema', schema, '--dbname', this.url])
  }

  /** Carries out a dump, or other statements. */
  restore(dump: string): void {
    run([program('psql'), '--set', 'ON_ERROR_STOP=1', '--quiet', '--dbname', this.url], dump)
  }

  /** Ends the server and removes its cluster. */
  async stop(): Promise<void> {
    await this.kill()
    removeFolder(this.#directory)
  }

  /** The faults of the conformance suite, staged on this server. */
  get faults(): ServerFaults {
    return faultsOf(this, 'postgres', `${USER}@`, '/postgres')
  }

  async #rows(sql: string): Promise<Record<string, unknown>[]> {
    const client = await this.connect()
    const { rows } = await client.query<Record<string, unknown>>(sql).finally(() => client.end())
    return rows
  }

  get #data(): string {
    return join(this.#directory, 'data')
  }

  #initialize(): void {
    const { auth = 'trust', password } = this.#options
    const secret = join(this.#directory, 'password')
    if (password !== undefined) writeFileSync(secret, password)
    run([
      ...[...this.#prefix, program('initdb'), '--pgdata', this.#data, '--username', USER],
      ...[
        '--auth-local',
        'trust',
        '--auth-host',
        auth,
        '--encoding',
        'UTF8',
        '--locale',
        'C',
        '--no-sync',
      ],
      ...(password === undefined ? [] : ['--pwfile', secret]),
    ])
  }

  #copy(primary: PostgresServer): void {
    run([
      ...[
        ...this.#prefix,
        program('pg_basebackup'),
        '--pgdata',
        this.#data,
        '--dbname',
        primary.url,
      ],
      ...['--write-recovery-conf', '--checkpoint', 'fast', '--no-sync'],
    ])
  }

  protected launch(): ChildProcess {
    const { settings = [] } = this.#options
    const [file = '', ...args] = [
      ...[...this.#prefix, program('postgres'), '-D', this.#data, '-p', String(this.port)],
      ...['-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories='],
      ...settings.flatMap((setting) => ['-c', setting]),
    ]
    return spawn(file, args, { stdio: 'ignore', cwd: this.#directory })
  }

  protected async untilReady(child: ChildProcess): Promise<void> {
    const deadline = performance.now() + START_TIMEOUT_MS
    for (;;) {
      try {
        const client = await this.connect()
        await client.end()
        return
      } catch (error) {
        if (performance.now() > deadline || child.exitCode !== null) throw error
        await delay(20)
      }
    }
  }

  #signal(signal: NodeJS.Signals): void {
    for (const pid of [this.pid, ...childrenOf(this.pid)]) send(pid, signal)
  }
}

function childrenOf(parent: number): number[] {
  if (parent === 0) return []
  return readdirSync('/proc')
    .filter((name) => /^\d+$/u.test(name))
    .filter((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'latin1')
        return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === parent
      } catch {
        return false
      }
    })
    .map(Number)
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    if (pid > 0) process.kill(pid, signal)
  } catch {
    // It has ended.
  }
}

function program(name: string): string {
  return join(binaries() ?? '', name)
}

/** Returns a prefix that keeps a command from running as root, and gives the directory to that user. */
function asUser(directory: string): readonly string[] {
  const [uid, gid] = [idOf('-u'), idOf('-g')]
  if (process.getuid?.() !== 0 || uid === undefined || gid === undefined) return []
  chownSync(directory, uid, gid)
  return ['setpriv', '--reuid', String(uid), '--regid', String(gid), '--clear-groups']
}

function run([file = '', ...args]: readonly string[], input?: string): string {
  const { status, stdout, stderr } = spawnSync(file, args, {
    encoding: 'utf8',
    cwd: tmpdir(),
    input,
  })
  if (status !== 0) throw new Error(`${args.join(' ')}: ${stderr}`)
  return stdout
}
