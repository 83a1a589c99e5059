import { lockJson } from './lock-report.js'
import type { OpsRun } from './ops-context.js'
import { isUnsupported, unlessUnsupported } from './unless-unsupported.js'

/** `clean`: removes expired events and what dead processes left behind. */
export const cleanUp: OpsRun = async ({ coordinator, print }) => {
  const cleaned = await unlessUnsupported(() => coordinator.locks.cleanStaleLocks())
  // An engine without locks has no stale ones.
  const locks = isUnsupported(cleaned) ? [] : cleaned
  const services = await coordinator.registry.cleanDeadProcesses()
  const events = await coordinator.events.cleanOldEvents()
  const text = `Removed ${count(locks.length, 'stale lock')}, ${count(services.length, 'dead instance')}, ${count(events, 'expired event')}.`
  print({ locks: locks.map(lockJson), instances: services, events }, text)
  return 0
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}
