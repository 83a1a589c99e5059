import { readFact } from './process-identity.js'

/**
 * Returns when this kernel booted at the latest, in milliseconds since the epoch. The monotonic clock stands still while the machine
 * is suspended, and a container can see its own age as the uptime (lxcfs), so the older of both counts.
 */
export function kernelBootedAt(): number {
  const monotonicMs = Number(process.hrtime.bigint() / 1_000_000n)
  const uptimeMs = Number(readFact('/proc/uptime').split(' ', 1)[0]) * 1000
  return Date.now() - Math.max(monotonicMs, uptimeMs)
}
