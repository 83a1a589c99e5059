import { readStat } from './liveness.js'
import { readFact } from './process-identity.js'

/** The two ways to determine when a process began differ by at most this much. */
const SAME_START_MS = 2_000
/** The clock tick of /proc, on every architecture. */
const TICK_MS = 10

/** Returns whether a pid here is the process that began then. Several containers can share a host name, each with its own process of that pid. */
export function isProcessOf(pid: number, startedAt: Date): boolean {
  const start = readStat(`/proc/${pid}/stat`)?.start
  const [uptime = ''] = readFact('/proc/uptime').split(' ')
  // No other platform has several process tables.
  if (start === undefined || uptime === '') return process.platform !== 'linux'
  const createdAt = Date.now() - (Number(uptime) * 1000 - Number(start) * TICK_MS)
  return Math.abs(createdAt - startedAt.getTime()) < SAME_START_MS
}
