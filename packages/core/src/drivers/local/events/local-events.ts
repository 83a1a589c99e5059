import type { EventDriver } from '../../event-driver.js'
import type { Home } from '../home.js'

/** Makes the events of the local driver: the segmented log of `docs/reference/event-log.md`. */
export function createLocalEvents(home: Home): EventDriver {
  throw new Error(home.root)
}
