import type { Connection } from '../engine/connection-options.js'
import { sourceOf } from '../engine/url-source.js'
import { PRIMITIVES } from './primitives.js'

/** Returns what to do about an engine that cannot be reached. */
export function awayRemedy(connection: Connection): string {
  const url = PRIMITIVES.map((primitive) => connection.urlOf(primitive)).find(
    (one) => one !== 'local:',
  )
  return `check that it runs and can be reached from here, or correct ${sourceOf(url ?? '')}`
}
