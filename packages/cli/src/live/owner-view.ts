import type { Owner } from '@cli-ops/shared-ipc'

import type { OwnerView } from './live-types.js'

/** An owner as plain JSON. */
export function ownerView({ name, command, pid, host, user, state }: Owner): OwnerView {
  return { name, command, pid, host, user, state }
}

/** What tells an owner from another one in the same queue. */
export function ownerKey({ name, command, pid, host, startedAt }: Owner): string {
  return JSON.stringify([host, pid, startedAt.getTime(), name, command])
}
