import type { EngineFinding } from '../drivers/driver.js'

/** Clocks of synchronised machines differ by less. */
const CLOCK_MS = 1_000

/**
 * Detects whether an engine's clock differs from this machine's, by more than reading it takes.
 *
 * @param read resolves to the engine's time, in milliseconds since the epoch
 */
export async function findClockOff(read: () => Promise<number>): Promise<EngineFinding[]> {
  const before = Date.now()
  const engine = await read()
  const after = Date.now()
  const offMs = engine < before ? engine - before : Math.max(0, engine - after)
  if (Math.abs(offMs) <= CLOCK_MS) return []
  const seconds = Math.round(Math.abs(offMs) / 100) / 10
  return [
    {
      problem: `the clock of the server is ${seconds} s ${offMs < 0 ? 'behind' : 'ahead of'} this machine's: a dead owner's lock can be held for longer`,
      remedy: 'synchronise the clocks on both (timedatectl set-ntp true)',
    },
  ]
}
