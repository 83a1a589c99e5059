import type { ConnectionOptions } from '../../engine/connection-options.js'
import { ownOwner } from '../contract/own-owner.js'
import type { LockInfo } from '../contract/lock-types.js'
import { lockParty } from './lock-party.js'
import { noteLockEvent } from './note-lock-event.js'

/** A lock that was taken from its holder. */
export interface ForcedLock {
  readonly resource: string
  readonly id: string
  /** The lock's previous state, if known. */
  readonly before: LockInfo | null | undefined
}

/** Records who lost a lock, and that this process took it away. */
export async function noteForced(
  options: ConnectionOptions,
  { resource, id, before }: ForcedLock,
): Promise<void> {
  const holder = before?.holders.find((candidate) => candidate.id === id)
  const { owner, label, slot, since } = holder ?? {}
  await noteLockEvent(options, 'lock:forced', {
    resource,
    id,
    label,
    slot,
    heldMs: since && Math.max(0, Date.now() - since.getTime()),
    owner: owner && lockParty(owner),
    by: lockParty(ownOwner()),
  })
}
