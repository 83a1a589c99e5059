import { CliOpsError, describeEngine, pause, randomId } from '@cli-ops/shared-ipc/driver'
import type { Client } from 'pg'

/** By then a notification has arrived, if it ever will. */
const HEARD_MS = 500

/** Returns the pid that the client was given when it connected. Behind a pooler, the server reports another one. */
export function backendOf(client: Client): number | null {
  return (client as Client & { readonly processID: number | null }).processID
}

/**
 * Refuses a pooler that reassigns a connection after each transaction, since notifications would go astray. Poolers do
 * not report their mode, so this tries it.
 *
 * @param other a second connection through the same pooler
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
