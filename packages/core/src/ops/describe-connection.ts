import { describeEngine } from '../engine/connect-driver.js'
import type { Connection } from '../engine/connection-options.js'
import { parseEngineUrl } from '../engine/parse-engine-url.js'

const PRIMITIVES = ['locks', 'events', 'registry', 'rpc'] as const

/** Describes where the four primitives are, naming each place once. Secrets in URLs are left out. */
export function describeConnection(connection: Connection): string {
  const places = PRIMITIVES.map((primitive) => {
    const url = connection.urlOf(primitive)
    return url === 'local:' ? connection.home : withoutSecrets(url)
  })
  return [...new Set(places)].join(', ')
}

function withoutSecrets(text: string): string {
  const url = parseEngineUrl(text)
  if (url === undefined) return 'an invalid URL'
  return url.host === '' ? url.protocol : describeEngine(url)
}
