import type { LockInfo, Owner } from '@cli-ops/shared-ipc/driver'

import type { WireLockInfo, WireOwner } from './protocol.js'

export function encodeOwner({ startedAt, ...owner }: Owner): WireOwner {
  return { ...owner, startedAt: startedAt.getTime() }
}

export function encodeLockInfo(info: LockInfo): WireLockInfo {
  const { resource, id, token, owner, since, mode, waiters } = info
  return {
    resource,
    id,
    token: String(token),
    owner: encodeOwner(owner),
    since: since.getTime(),
    mode,
    waiters: waiters.map(encodeOwner),
  }
}

export function decodeLockInfo(info: WireLockInfo): LockInfo {
  const { resource, id, token, owner, since, mode, waiters } = info
  return {
    resource,
    id,
    token: BigInt(token),
    owner: decodeOwner(owner),
    since: new Date(since),
    mode,
    waiters: waiters.map(decodeOwner),
  }
}

function decodeOwner({ startedAt, ...owner }: WireOwner): Owner {
  return { ...owner, startedAt: new Date(startedAt) }
}
