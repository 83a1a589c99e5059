import { readStat } from './liveness.js'
import { startInstant } from './start-instant.js'

/** The two ways to determine when a process began differ by at most this much. */
const SAME_START_MS = 2_000

/** Returns whether a pid here is the process that began then. Several containers can share a host name, each with its own process of that pid. */
export function isProcessOf(pid: number, startedAt: Date): boolean {
  const createdAt = startInstant(readStat(`/proc/${pid}/stat`)?.start)
  // No other platform has several process tables.
  if (createdAt === undefined) return process.platform !== 'linux'
  return Math.abs(createdAt - startedAt.getTime()) < SAME_START_MS
}
