import { type Clock, clockAt, hasTestClocks, systemClock } from '../base/wait/clock.js'
import { type ConnectionOptions, resolveConnection } from './connection-options.js'

/** Returns the clock of the home that the options name. */
export function clockFor(options: ConnectionOptions): Clock {
  return hasTestClocks() ? clockAt(resolveConnection(options)) : systemClock
}
