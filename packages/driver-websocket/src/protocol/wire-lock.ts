import {
  closedFor,
  createLockInfo,
  type LockInfo,
  type LockWaiter,
  type Owner,
} from '@cli-ops/shared-ipc/driver'

import type { WireLockInfo, WireOwner, WireWaiter } from './protocol.js'

/** How many holders and waiters of a lock each waiter is shown. */
const MAX_SHOWN = 8

export function encodeOwner({ startedAt, ...owner }: Owner): WireOwner {
  return { ...owner, startedAt: startedAt.getTime() }
}

export function encodeLockInfo({
  resource,
  mode,
  holders,
  waiting,
  queue,
  closedUntil,
}: LockInfo): WireLockInfo {
  return {
    resource,
    mode,
    holders: holders.map(({ id, token, ...rest }) => ({
      ...encodeWaiter(rest),
      id,
      token: String(token),
    })),
    waiting: waiting.map(encodeWaiter),
    ...(queue !== undefined && { queue }),
    // A time span: the clocks of two machines differ.
    ...(closedUntil !== undefined && { closedForMs: closedUntil.getTime() - Date.now() }),
  }
}

/**
 * Encodes a lock for one of its waiters: the holders and the first few other waiters, so that a crowd costs each of
 * them no more than a few.
 */
export function encodeBriefly(info: LockInfo): WireLockInfo {
  const { resource, mode, holders, waiting } = info
  return encodeLockInfo({
    ...info,
    resource,
    mode,
    holders: holders.slice(0, MAX_SHOWN),
    waiting: waiting.slice(0, MAX_SHOWN),
  })
}

export function decodeLockInfo({
  resource,
  mode,
  holders,
  waiting,
  queue,
  closedForMs,
}: WireLockInfo): LockInfo | null {
  return createLockInfo({
    resource,
    mode,
    holders: holders.map(({ id, token, ...rest }) => ({
      ...decodeWaiter(rest),
      id,
      token: BigInt(token),
    })),
    waiting: () => waiting.map(decodeWaiter),
    ...(queue !== undefined && { queue }),
    closedUntil: closedFor(closedForMs),
  })
}

function encodeWaiter({ owner, since, label, mode }: LockWaiter): WireWaiter {
  return {
    owner: encodeOwner(owner),
    since: since.getTime(),
    ...(label !== undefined && { label }),
    ...(mode !== undefined && { mode }),
  }
}

function decodeWaiter({ owner, since, label, mode }: WireWaiter): LockWaiter {
  return {
    owner: decodeOwner(owner),
    since: new Date(since),
    ...(label !== undefined && { label }),
    ...(mode !== undefined && { mode }),
  }
}

function decodeOwner({ startedAt, ...owner }: WireOwner): Owner {
  return { ...owner, startedAt: new Date(startedAt) }
}
