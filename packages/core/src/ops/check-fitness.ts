import type { EngineFinding } from '../drivers/driver.js'
import { openDriver } from '../engine/open-driver.js'
import { type Check, ok, warning } from './finding.js'
import { isUnsupported, unlessUnsupported } from './unless-unsupported.js'

const PRIMITIVES = ['locks', 'events', 'registry', 'rpc'] as const

/** Tries on each engine what a CLI does there, and tells what makes it unfit for what its driver promises. */
export const checkFitness: Check = async ({ connection, signal }) => {
  const found = new Map<string, readonly EngineFinding[]>()
  for (const primitive of PRIMITIVES) {
    const url = connection.urlOf(primitive)
    if (found.has(url)) continue
    const { home, namespace } = connection
    // The process has one driver for a place, so this is the connection that is there already.
    const handle = openDriver({ home, namespace, url, disabled: false }, primitive)
    try {
      const driver = await unlessUnsupported(() => handle.open())
      found.set(url, isUnsupported(driver) ? [] : ((await driver.findUnfit?.(signal)) ?? []))
    } finally {
      await handle.close()
    }
  }
  const all = [...found.values()].flat()
  if (all.length === 0) return ok('each engine does what is asked of it')
  return all.map(({ problem, remedy }) => warning(problem, remedy))
}
