import { CliOpsError, describeEngine, type DriverOptions } from '@cli-ops/shared-ipc/driver'
import pg from 'pg'

import { migrate, SCHEMA_VERSION } from '../schema/migrate.js'
import { clientConfig, parseTarget, type ServerAddress, type Target } from './client-options.js'
import { engineError } from './engine-error.js'
import { assertSessions, backendOf } from './pooler.js'

type Client = pg.Client

/** What a server reports about itself. */
interface ServerFacts {
  readonly pid: number
  readonly version: number
  readonly encoding: string
  readonly is_replica: boolean
  readonly is_read_only: boolean
}

const MIN_VERSION = 130_000

/**
 * Limits on a role that would end an idle connection, a wait for a row or one of our statements. Later servers have
 * more of them.
 */
const LIMITS = [
  'lock_timeout',
  'idle_in_transaction_session_timeout',
  'idle_session_timeout',
  'transaction_timeout',
]

const set = (name: string, value: string): string =>
  `pg_catalog.set_config('${name}', ${value}, false)`
const setting = (name: string): string => `pg_catalog.current_setting('${name}', true)`
const is = 'operator(pg_catalog.=)'

/**
 * What the functions rely on. The search path comes first: a role or a database can have one that leads elsewhere, so
 * names are written in full until it is set. Without a commit on disk, a crash could lose an acknowledged event and
 * assign its position again.
 */
const SETTINGS = `array[${[
  set('search_path', "'pg_catalog'"),
  set('default_transaction_isolation', "'read committed'"),
  set('client_min_messages', "'error'"),
  set('statement_timeout', '$1'),
  `case when ${setting('synchronous_commit')} ${is} 'off' then ${set('synchronous_commit', "'local'")} end`,
  ...LIMITS.map((name) => `case when ${setting(name)} is not null then ${set(name, "'0'")} end`),
].join(', ')}]`

/**
 * Settings would stay on a pooler's connection, which other clients get later, so they are made here only if there is
 * no pooler.
 */
const FACTS = `select pg_catalog.pg_backend_pid() as pid, ${setting('server_version_num')}::int as version,
  ${setting('server_encoding')} as encoding, pg_catalog.pg_is_in_recovery() as is_replica,
  ${setting('transaction_read_only')} ${is} 'on' as is_read_only,
  case when pg_catalog.pg_backend_pid() ${is} $2 then ${SETTINGS} end as settings`

/** Drivers that have been connected: if the schema is gone, so may be the record of locks that they hold. */
const known = new WeakSet<DriverOptions>()

/**
 * Connects to the server of a URL that takes writes, creates the schema if it is missing, and announces the driver.
 *
 * @param onEnd called when the connection has ended
 * @throws CliOpsError `ENGINE_UNAVAILABLE`, `FORBIDDEN`, `UNSUPPORTED` for a pooler, an encoding or a version
 */
export async function connectToPrimary(
  options: DriverOptions,
  driverId: string,
  signal: AbortSignal,
  onEnd: () => void,
): Promise<Client> {
  const target = parseTarget(options.url)
  let failure: CliOpsError | undefined
  for (const server of target.servers) {
    signal.throwIfAborted()
    try {
      return await connectTo(server, target, options, driverId, signal, onEnd)
    } catch (error) {
      const reason = engineError(options.url, error)
      // A refusal says more than a server that is down.
      if (failure === undefined || reason.code !== 'ENGINE_UNAVAILABLE') failure = reason
    }
  }
  throw failure ?? new TypeError('a URL must name a server')
}

async function connectTo(
  server: ServerAddress,
  target: Target,
  options: DriverOptions,
  driverId: string,
  signal: AbortSignal,
  onEnd: () => void,
): Promise<Client> {
  const open = async (): Promise<Client> => {
    const client = new pg.Client(clientConfig(options, target, server))
    await began(client, signal)
    return client
  }
  const client = await open()
  let reason: unknown
  try {
    // Rejecting a server to try the next one does not count as a lost connection.
    let isInUse = false
    let hasEnded = false
    const end = (): void => {
      if (!hasEnded && isInUse) onEnd()
      hasEnded = true
    }
    client.once('end', end)
    // The connection is unusable from here on, although its socket can stay open for a while.
    client.once('error', (error) => {
      reason = error
      end()
      endNow(client)
    })
    const timeout = String(options.timeoutMs)
    const { rows } = await client.query<ServerFacts>(FACTS, [timeout, backendOf(client)])
    const [facts] = rows
    if (facts === undefined) throw new Error('it did not identify itself')
    assertUsable(options.url, server, facts)
    if (facts.pid !== backendOf(client)) {
      const other = await open()
      await assertSessions(options.url, client, other).finally(() => {
        endNow(other)
      })
      await client.query(`select ${SETTINGS}`, [timeout])
    }
    await greet(client, driverId, options)
    if (hasEnded) throw new Error('the connection ended')
    isInUse = true
    known.add(options)
    return client
  } catch (error) {
    endNow(client)
    // Otherwise the error would be the client library's "not queryable".
    throw reason ?? error
  }
}

/** Connects a client. It ends with the signal; its socket keeps no process alive. */
async function began(client: Client, signal: AbortSignal): Promise<void> {
  // Callers waiting for the connection get the error; the library would throw it at the process.
  client.on('error', () => undefined)
  const abort = (): void => {
    endNow(client)
  }
  signal.addEventListener('abort', abort, { once: true })
  try {
    await client.connect()
  } catch (error) {
    endNow(client)
    throw error
  }
  ;(client as Client & { unref(): void }).unref()
  client.once('end', () => {
    signal.removeEventListener('abort', abort)
  })
}

function assertUsable(url: URL, { host, port }: ServerAddress, facts: ServerFacts): void {
  const engine = describeEngine(url)
  const refuse = (reason: string): never => {
    throw new CliOpsError('UNSUPPORTED', `cannot use ${engine}: ${reason}`)
  }
  if (facts.version < MIN_VERSION) refuse('it is older than PostgreSQL 13')
  if (facts.encoding !== 'UTF8')
    refuse(`the database encoding is ${facts.encoding}; names and events need UTF8`)
  if (!facts.is_replica && !facts.is_read_only) return
  const what = facts.is_replica
    ? 'is a read-only replica'
    : 'is read-only (default_transaction_read_only)'
  throw new CliOpsError('ENGINE_UNAVAILABLE', `cannot use ${engine}: ${host}:${port} ${what}`)
}

async function greet(client: Client, driverId: string, options: DriverOptions): Promise<void> {
  const ask = async (): Promise<number> => {
    const { rows } = await client.query<{ version: number }>(
      'select cli_ops.greet($1) as version',
      [driverId],
    )
    return rows[0]?.version ?? 0
  }
  const version = await ask().catch((error: unknown) => {
    // No schema or no such function: the schema does not exist yet.
    if (['3F000', '42883', '42P01'].includes((error as { code?: string }).code ?? '')) return 0
    throw error
  })
  if (version > SCHEMA_VERSION)
    throw new CliOpsError(
      'UNSUPPORTED',
      `cannot use ${describeEngine(options.url)}: its cli_ops schema has version ${version}, but this driver knows only ${SCHEMA_VERSION}; update @cli-ops/driver-postgres`,
    )
  if (version === SCHEMA_VERSION) return
  await migrate(client, { isReturning: known.has(options) })
  if (version === 0) await ask()
}

/** Ends the connection immediately: an orderly end waits for a server that might not answer. */
export function endNow(client: Client): void {
  const { stream } = (
    client as Client & { readonly connection: { readonly stream: { destroy(): void } } }
  ).connection
  client.end().catch(() => undefined)
  stream.destroy()
}
