import type { Owner } from '@cli-ops/shared-ipc'

import type { OwnerView } from './live-types.js'

/** Returns an owner as plain JSON. */
export function ownerView({ startedAt, ...view }: Owner): OwnerView {
  return view
}
