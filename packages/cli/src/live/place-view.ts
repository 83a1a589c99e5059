import { describeConnection, type OpsHandle } from '@cli-ops/shared-ipc/ops'

import type { PlaceView } from './live-types.js'

/** Describes where the four primitives are. */
export function placeView(connection: OpsHandle['connection']): PlaceView {
  return { where: describeConnection(connection), namespace: connection.namespace }
}
