import { type EngineFinding, findClockOff } from '@cli-ops/shared-ipc/driver'

import type { PostgresConnection } from './connection/postgres-connection.js'

/** Settings without which a crash of the machine takes what was acknowledged. */
const SAFE = [
  ['fsync', 'a crash of the machine may leave a database that is broken'],
  ['full_page_writes', 'a crash of the machine may leave pages that are torn'],
] as const

/** Finds what makes the server unfit for what the driver promises. What it refuses to work with is said when it connects. */
export async function findUnfit(connection: PostgresConnection): Promise<EngineFinding[]> {
  const found: EngineFinding[] = []
  for (const [setting, danger] of SAFE) {
    if ((await connection.value('select current_setting($1)', [setting])) === 'on') continue
    found.push({
      problem: `the server runs with ${setting} = off: ${danger}, and events that were acknowledged with it`,
      remedy: `set ${setting} = on`,
    })
  }
  const now = 'select extract(epoch from clock_timestamp()) * 1000'
  return [...found, ...(await findClockOff(async () => Number(await connection.value(now, []))))]
}
