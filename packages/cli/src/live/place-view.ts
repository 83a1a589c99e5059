import type { OpsPlace } from '@cli-ops/shared-ipc/ops'

import type { PlaceView } from './live-types.js'

const PRIMITIVES = ['locks', 'events', 'registry', 'rpc'] as const

/** Says where the four primitives are, each place once. A URL is told without what it holds of secrets. */
export function placeView(connection: OpsPlace['connection']): PlaceView {
  const { home, namespace } = connection
  const places = PRIMITIVES.map((primitive) => {
    const url = connection.urlOf(primitive)
    return url === 'local:' ? home : withoutSecrets(url)
  })
  return { where: [...new Set(places)].join(', '), namespace }
}

function withoutSecrets(text: string): string {
  if (!URL.canParse(text)) return 'an engine'
  const { protocol, host, pathname } = new URL(text)
  return host === '' ? protocol : `${protocol}//${host}${pathname}`
}
