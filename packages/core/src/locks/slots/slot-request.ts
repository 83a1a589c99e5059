import { nextLockId } from '../contract/lock-id.js'
import type { LockGrant, LockRequest } from '../contract/lock-driver.js'
import { doorName, slotName } from '../contract/slot-name.js'

/** What is asked of {@link withSlots} for one acquisition. */
export interface SlotRequest extends LockRequest {
  /** The slots of which any will do, the one that is tried first in front. Absent for the lock itself. */
  readonly slots?: readonly string[] | undefined
  /** The caller waits where nothing is free, and so goes before nobody who does. */
  readonly waits?: boolean | undefined
}

/** A request that names slots. */
export type SlotsWanted = SlotRequest & { readonly slots: readonly string[] }

/** A grant, with the slot that was granted. */
export type SlotGrant = LockGrant & { readonly slot?: string | undefined }

/** Tells a request for slots from one for a lock. */
export function wantsSlots(request: SlotRequest): request is SlotsWanted {
  return request.slots !== undefined
}

/** What is asked of the driver for one slot. @param held as in `LockRequest` */
export function requestFor(
  { resource, inFlow, label, owner, held: own }: SlotsWanted,
  slot: string,
  held: readonly string[] = own,
): LockRequest {
  const id = nextLockId()
  return { resource: slotName(resource, slot), mode: 'exclusive', id, held, inFlow, label, owner }
}

/** What is asked of the driver for the place of the one that is next to get a slot. */
export function requestForDoor({ resource, slots, held, label, owner }: SlotsWanted): LockRequest {
  const id = nextLockId()
  return { resource: doorName(resource, slots), mode: 'exclusive', id, held, label, owner }
}

/** Says of a grant which slot it is. */
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
