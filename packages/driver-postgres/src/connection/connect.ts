import { CliOpsError, describeEngine, type DriverOptions } from '@cli-ops/shared-ipc/driver'
import pg from 'pg'

import { migrate, SCHEMA_VERSION } from '../schema/migrate.js'
import { clientConfig, parseTarget, type ServerAddress, type Target } from './client-options.js'
import { engineError } from './engine-error.js'
import { assertSessions, backendOf } from './pooler.js'

type Client = pg.Client

/** What a server says of itself. */
interface ServerFacts {
  readonly pid: number
  readonly version: number
  readonly encoding: string
  readonly is_replica: boolean
  readonly is_read_only: boolean
}

const MIN_VERSION = 130_000

/** Limits of a role, of which an idle connection, a wait for a row or a statement of ours would end. Later servers have more of them. */
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
 * What the functions rely on, first of all that names mean the server's own: until then each is written out, since a role or a database may have a path
 * that leads elsewhere. Without a commit on disk an acknowledged event might be gone after a crash, and its position given again.
 */
const SETTINGS = `array[${[
  set('search_path', "'pg_catalog'"),
  set('default_transaction_isolation', "'read committed'"),
  set('client_min_messages', "'error'"),
  set('statement_timeout', '$1'),
  `case when ${setting('synchronous_commit')} ${is} 'off' then ${set('synchronous_commit', "'local'")} end`,
  ...LIMITS.map((name) => `case when ${setting(name)} is not null then ${set(name, "'0'")} end`),
].join(', ')}]`

/** Settings would stay on the connection of a pooler that hands it to others, so they are made at once only where there is none. */
const FACTS = `select pg_catalog.pg_backend_pid() as pid, ${setting('server_version_num')}::int as version,
  ${setting('server_encoding')} as encoding, pg_catalog.pg_is_in_recovery() as is_replica,
  ${setting('transaction_read_only')} ${is} 'on' as is_read_only,
  case when pg_catalog.pg_backend_pid() ${is} $2 then ${SETTINGS} end as settings`

/**
 * Connects to the server of a URL that takes writes, makes the schema where there is none, and announces the driver.
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
  throw failure ?? new TypeError('a URL names a server')
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
    // A server that is refused, so that the next one is tried, is no connection that was lost.
    let isInUse = false
    let hasEnded = false
    const end = (): void => {
      if (!hasEnded && isInUse) onEnd()
      hasEnded = true
    }
    client.once('end', end)
    // Nothing more can be asked over it, although its socket may be open for a while.
    client.once('error', (error) => {
      reason = error
      end()
      endNow(client)
    })
    const timeout = String(options.timeoutMs)
    const { rows } = await client.query<ServerFacts>(FACTS, [timeout, backendOf(client)])
    const [facts] = rows
    if (facts === undefined) throw new Error('it does not say what it is')
    assertUsable(options.url, server, facts)
    if (facts.pid !== backendOf(client)) {
      const other = await open()
      await assertSessions(options.url, client, other).finally(() => {
        endNow(other)
      })
      await client.query(`select ${SETTINGS}`, [timeout])
    }
    await greet(client, driverId, options.url)
    if (hasEnded) throw new Error('the connection ended')
    isInUse = true
    return client
  } catch (error) {
    endNow(client)
    // Else it would be said of the client library that it cannot be asked.
    throw reason ?? error
  }
}

/** Connects a client. It ends with the signal; its socket keeps no process alive. */
async function began(client: Client, signal: AbortSignal): Promise<void> {
  // Whoever waits for the connection gets the error; the library would throw it at the process.
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
    refuse(`the database is in ${facts.encoding}; names and events need one in UTF8`)
  if (!facts.is_replica && !facts.is_read_only) return
  const what = facts.is_replica
    ? 'is a read-only replica'
    : 'takes no writes (default_transaction_read_only)'
  throw new CliOpsError('ENGINE_UNAVAILABLE', `cannot use ${engine}: ${host}:${port} ${what}`)
}

async function greet(client: Client, driverId: string, url: URL): Promise<void> {
  const ask = async (): Promise<number> => {
    const { rows } = await client.query<{ version: number }>(
      'select cli_ops.greet($1) as version',
      [driverId],
    )
    return rows[0]?.version ?? 0
  }
  const version = await ask().catch((error: unknown) => {
    // No schema, no such function: there is none yet.
    if (['3F000', '42883', '42P01'].includes((error as { code?: string }).code ?? '')) return 0
    throw error
  })
  if (version > SCHEMA_VERSION)
    throw new CliOpsError(
      'UNSUPPORTED',
      `cannot use ${describeEngine(url)}: its schema cli_ops has version ${version}, and this driver knows ${SCHEMA_VERSION}; update @cli-ops/driver-postgres`,
    )
  if (version === SCHEMA_VERSION) return
  await migrate(client)
  if (version === 0) await ask()
}

/** Ends at once: an orderly end waits for a server that may not answer. */
export function endNow(client: Client): void {
  const { stream } = (
    client as Client & { readonly connection: { readonly stream: { destroy(): void } } }
  ).connection
  client.end().catch(() => undefined)
  stream.destroy()
}
