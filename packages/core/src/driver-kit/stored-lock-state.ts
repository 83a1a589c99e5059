import { closedFor } from '../locks/contract/closed-engine.js'
import { createLockInfo } from '../locks/contract/create-lock-info.js'
import type { LockRequest } from '../locks/contract/lock-driver.js'
import type { LockInfo, LockWaiter, Owner, QueueStanding } from '../locks/contract/lock-types.js'
import { wantedMode } from '../locks/contract/wanted-mode.js'
import { ownOwner } from '../locks/contract/own-owner.js'

/** An owner as engines store it: JSON has no dates. */
type StoredOwner = Omit<Owner, 'startedAt' | 'state'> & { readonly startedAt: number }

/** What is stored about a holder or waiter. */
interface StoredWaiter {
  readonly owner: StoredOwner
  readonly label?: string
  readonly since: number
  readonly mode: 'x' | 's'
}

interface StoredHolder extends StoredWaiter {
  readonly id: string
  readonly token: string
}

interface StoredState {
  readonly resource: string
  readonly holders?: readonly StoredHolder[]
  readonly waiters?: readonly StoredWaiter[]
  /** The recipient's queue position, instead of the other waiters. */
  readonly queue?: QueueStanding
  /** For how long the engine grants nothing. */
  readonly closedForMs?: number
}

/**
 * Encodes what others see of a holder or waiter, and how to reach it. `relayed`: the requesting process is a hub, and its client can
 * ask again through the next one.
 */
export function encodeLockInfo(
  channel: string,
  { owner: relayedFor, held, label }: Pick<LockRequest, 'owner' | 'held' | 'label'>,
): string {
  const { state: _state, startedAt, ...owner } = relayedFor ?? ownOwner()
  const info = {
    owner: { ...owner, startedAt: startedAt.getTime() },
    channel,
    label,
    ...(relayedFor !== undefined && { relayed: true }),
  }
  // Lua turns an empty array into an object.
  return JSON.stringify(held.length === 0 ? info : { ...info, held })
}

/** Decodes the state of a resource as described by the engine. */
export function decodeLockState(json: string, state: Owner['state'] = 'running'): LockInfo | null {
  const {
    resource,
    holders = [],
    waiters = [],
    queue,
    closedForMs,
  } = JSON.parse(json) as StoredState
  return createLockInfo({
    resource,
    mode: (holders[0] ?? waiters[0])?.mode === 's' ? 'shared' : 'exclusive',
    holders: holders.map((holder) => ({
      ...toWaiter(holder, state),
      id: holder.id,
      token: BigInt(holder.token),
    })),
    waiting: () =>
      waiters.map((waiter) => ({
        ...toWaiter(waiter, 'running'),
        ...wantedMode(waiter.mode === 's' ? 'shared' : 'exclusive'),
      })),
    ...(queue !== undefined && { queue }),
    closedUntil: closedFor(closedForMs),
  })
}

function toWaiter({ owner, label, since }: StoredWaiter, state: Owner['state']): LockWaiter {
  return {
    owner: toOwner(owner, state),
    since: new Date(since),
    ...(label !== undefined && { label }),
  }
}

function toOwner({ startedAt, ...owner }: StoredOwner, state: Owner['state']): Owner {
  return { ...owner, startedAt: new Date(startedAt), state }
}
