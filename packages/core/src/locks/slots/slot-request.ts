import { nextLockId } from '../contract/lock-id.js'
import type { LockGrant, LockRequest } from '../contract/lock-driver.js'
import { doorName, slotName } from '../contract/slot-name.js'

/** One acquisition, as requested from {@link withSlots}. */
export interface SlotRequest extends LockRequest {
  /** The acceptable slots, the first one to try first. Absent for the lock itself. */
  readonly slots?: readonly string[] | undefined
  /** The caller waits if nothing is free, so it must not overtake other waiters. */
  readonly waits?: boolean | undefined
}

/** A request that names slots. */
export type SlotsWanted = SlotRequest & { readonly slots: readonly string[] }

/** A grant, with the slot that was granted. */
export type SlotGrant = LockGrant & { readonly slot?: string | undefined }

/** Returns whether a request names slots. */
export function wantsSlots(request: SlotRequest): request is SlotsWanted {
  return request.slots !== undefined
}

/**
 * Creates the driver request for one slot. A waiter that can be granted another one does not, by what it holds, keep others waiting for the
 * holder of this one.
 *
 * @param door the id of the waiter's lock on the door
 */
export function requestFor(
  { resource, slots, inFlow, label, owner, held }: SlotsWanted,
  slot: string,
  door?: string,
): LockRequest {
  const isOnlyOne = slots.length === 1
  return {
    resource: slotName(resource, slot),
    mode: 'exclusive',
    id: nextLockId(),
    held: isOnlyOne ? [...held, ...(door === undefined ? [] : [door])] : [],
    isOneOfSeveral: !isOnlyOne,
    inFlow,
    label,
    owner,
  }
}

/** Creates the driver request for the door, whose holder is next to get a slot. */
export function requestForDoor({ resource, slots, held, label, owner }: SlotsWanted): LockRequest {
  const id = nextLockId()
  return { resource: doorName(resource, slots), mode: 'exclusive', id, held, label, owner }
}

/** Adds the slot's name to a grant. */
export function ofSlot(grant: LockGrant, slot: string): SlotGrant {
  return {
    id: grant.id,
    token: grant.token,
    grantedAt: grant.grantedAt,
    slot,
    get remainingMs() {
      return grant.remainingMs as number
    },
    isHeld: () => grant.isHeld(),
    onLost: (listener) => grant.onLost(listener),
    release: () => grant.release(),
    ...(grant.releaseSync !== undefined && { releaseSync: () => grant.releaseSync?.() }),
    wasGone: () => grant.wasGone?.() ?? false,
  }
}
