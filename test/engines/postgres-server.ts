import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

import { Client } from 'pg'

import { freePort } from './free-port.js'

const DEBIAN = '/usr/lib/postgresql'
const USER = 'postgres'
const START_TIMEOUT_MS = 30_000

/** Whether there is a PostgreSQL on this machine to test with. Says so where there is none. */
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

/** The folder of the newest one; empty where the path has it. */
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

/** A private PostgreSQL on a free port of the loopback interface, with a cluster of its own. */
export class PostgresServer {
  readonly port: number
  readonly #directory: string
  readonly #child: ChildProcess

  private constructor(port: number, directory: string, child: ChildProcess) {
    this.port = port
    this.#directory = directory
    this.#child = child
  }

  static async start(): Promise<PostgresServer> {
    const port = await freePort()
    const directory = mkdtempSync(join(tmpdir(), 'cli-ops-postgres-'))
    const prefix = asUser(directory)
    const data = join(directory, 'data')
    const made = run([
      ...[...prefix, program('initdb'), '--pgdata', data, '--username', USER, '--auth', 'trust'],
      ...['--encoding', 'UTF8', '--locale', 'C', '--no-sync'],
    ])
    if (made.status !== 0) throw new Error(`initdb: ${made.stderr}`)
    const [file = '', ...args] = [
      ...[...prefix, program('postgres'), '-D', data, '-p', String(port)],
      ...['-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories='],
    ]
    const child = spawn(file, args, { stdio: 'ignore', cwd: directory })
    const server = new PostgresServer(port, directory, child)
    await server.#answers()
    return server
  }

  get url(): string {
    return `postgres://${USER}@127.0.0.1:${this.port}/postgres`
  }

  /** Connects; the caller ends the connection. */
  async connect(): Promise<Client> {
    const client = new Client({ connectionString: this.url })
    await client.connect()
    return client
  }

  /** Ends the server and removes its cluster. */
  async stop(): Promise<void> {
    if (this.#child.exitCode === null) {
      const ended = once(this.#child, 'exit')
      // SIGQUIT ends it at once, connections and all.
      this.#child.kill('SIGQUIT')
      await ended
    }
    rmSync(this.#directory, { recursive: true, force: true })
  }

  async #answers(): Promise<void> {
    const deadline = performance.now() + START_TIMEOUT_MS
    for (;;) {
      try {
        const client = await this.connect()
        await client.end()
        return
      } catch (error) {
        if (performance.now() > deadline || this.#child.exitCode !== null) throw error
        await delay(20)
      }
    }
  }
}

function program(name: string): string {
  return join(binaries() ?? '', name)
}

/** What to put in front of a command so that it does not run as root, with the directory given to that user. */
function asUser(directory: string): readonly string[] {
  const [uid, gid] = [idOf('-u'), idOf('-g')]
  if (process.getuid?.() !== 0 || uid === undefined || gid === undefined) return []
  chownSync(directory, uid, gid)
  return ['setpriv', '--reuid', String(uid), '--regid', String(gid), '--clear-groups']
}

function run([file = '', ...args]: readonly string[]) {
  return spawnSync(file, args, { encoding: 'utf8', cwd: tmpdir() })
}
