import { CliOpsError, describeEngine, pause, randomId } from '@cli-ops/shared-ipc/driver'
import type { Client } from 'pg'

/** What was said is there by then, if it is ever to come. */
const HEARD_MS = 500

/** The process that serves a client, as it was told: another one than the server says where a pooler hands out its connections. */
export function backendOf(client: Client): number | null {
  return (client as Client & { readonly processID: number | null }).processID
}

/**
 * Refuses a pooler that gives a connection away after each transaction: what is said to one who listens would go astray. It is tried,
 * since no pooler says how it works.
 *
 * @param other a second connection by the same way
 * @throws CliOpsError `UNSUPPORTED`
 */
export async function assertSessions(url: URL, client: Client, other: Client): Promise<void> {
  const channel = `cli_ops_try_${randomId()}`
  const heard = new Promise<true>((resolve) => {
    client.on('notification', (message) => {
      if (message.channel === channel) resolve(true)
    })
  })
  await client.query(`listen ${channel}`)
  await other.query('select pg_notify($1, $2)', [channel, ''])
  const isHeard = await Promise.race([heard, pause(HEARD_MS, new AbortController().signal)])
  await client.query(`unlisten ${channel}`)
  if (isHeard === true) return
  throw new CliOpsError(
    'UNSUPPORTED',
    `${describeEngine(url)} is a pooler (PgBouncer) in transaction mode, where LISTEN does not work; use pool_mode = session, or the server's own address`,
  )
}
