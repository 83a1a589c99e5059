import type { Connection } from '../options/connection-options.js'

const PRIMITIVES = ['locks', 'events', 'registry', 'rpc'] as const

/** Says where the four primitives are, each place once. A URL is told without what it holds of secrets. */
export function describePlace(connection: Connection): string {
  const places = PRIMITIVES.map((primitive) => {
    const url = connection.urlOf(primitive)
    return url === 'local:' ? connection.home : withoutSecrets(url)
  })
  return [...new Set(places)].join(', ')
}

function withoutSecrets(text: string): string {
  if (!URL.canParse(text)) return 'an engine'
  const { protocol, host, pathname } = new URL(text)
  return host === '' ? protocol : `${protocol}//${host}${pathname}`
}
