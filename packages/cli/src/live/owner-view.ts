import type { Owner } from '@cli-ops/shared-ipc'

import type { OwnerView } from './live-types.js'

/** An owner as plain JSON. */
export function ownerView({ startedAt, ...view }: Owner): OwnerView {
  return view
}

/** What tells an owner from another one in the same queue. */
export function ownerKey({ name, command, pid, host, startedAt }: Owner): string {
  return JSON.stringify([host, pid, startedAt.getTime(), name, command])
}
