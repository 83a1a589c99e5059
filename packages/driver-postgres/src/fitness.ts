import { type EngineFinding, findClockOff } from '@cli-ops/shared-ipc/driver'

import type { PostgresConnection } from './connection/postgres-connection.js'

/** Settings without which a machine crash loses acknowledged events. */
const SAFE = [
  ['fsync', 'a machine crash can corrupt the database'],
  ['full_page_writes', 'a machine crash can leave torn pages'],
] as const

/**
 * Finds what keeps the server from delivering what the driver promises. The connection itself reports what the driver
 * refuses.
 */
export async function findUnfit(connection: PostgresConnection): Promise<EngineFinding[]> {
  const found: EngineFinding[] = []
  for (const [setting, danger] of SAFE) {
    if ((await connection.value('select current_setting($1)', [setting])) === 'on') continue
    found.push({
      problem: `the server runs with ${setting} = off: ${danger} and lose acknowledged events`,
      remedy: `set ${setting} = on`,
    })
  }
  const now = 'select extract(epoch from clock_timestamp()) * 1000'
  return [...found, ...(await findClockOff(async () => Number(await connection.value(now, []))))]
}
