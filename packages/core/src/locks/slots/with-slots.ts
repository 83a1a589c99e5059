import type { MaybePromise } from '../../base/wait/maybe-promise.js'
import { closedForMs } from '../contract/closed-engine.js'
import type { LockDriver, LockWait } from '../contract/lock-driver.js'
import type { LockInfo } from '../contract/lock-types.js'
import { parseSlotName, slotPrefix } from '../contract/slot-name.js'
import { nameSlottedResource } from './name-slotted-resource.js'
import { mergeFreedSlots, mergeSlots } from './merge-slots.js'
import { type SlotGrant, type SlotRequest, type SlotsWanted, wantsSlots } from './slot-request.js'
import { trySlots, trySlotsSync } from './try-slots.js'
import { waitForSlot } from './wait-for-slot.js'

const made = new WeakMap<LockDriver, LockDriver>()

/**
 * Adds slots to a driver's locks: requests may name `slots`. Each slot is a separate lock with the driver's guarantees: one holder,
 * rising tokens, crash detection. The slots are described, released by force and cleaned up as one resource.
 */
export function withSlots(driver: LockDriver): LockDriver {
  let own = made.get(driver)
  if (own === undefined) {
    own = addSlots(driver)
    made.set(driver, own)
  }
  return own
}

function addSlots(driver: LockDriver): LockDriver {
  const listSlots = (resource: string): MaybePromise<LockInfo[]> =>
    after(driver.list({ prefix: slotPrefix(resource) }), (infos) =>
      infos.filter((info) => info.resource.startsWith(slotPrefix(resource))),
    )
  return {
    tryAcquire: (request: SlotRequest) =>
      wantsSlots(request)
        ? trySlots(driver, request).catch((error: unknown) => {
            throw nameSlottedResource(error)
          })
        : driver.tryAcquire(request),
    ...(driver.tryAcquireSync !== undefined && {
      tryAcquireSync: (request: SlotRequest) =>
        wantsSlots(request)
          ? trySlotsSync(driver, request)
          : (driver.tryAcquireSync?.(request) ?? null),
    }),
    async acquire(request: SlotRequest, wait) {
      try {
        return await (wantsSlots(request)
          ? acquireSlot(driver, request, wait)
          : driver.acquire(request, wait))
      } catch (error) {
        throw nameSlottedResource(error)
      }
    },
    // A lock held under the plain name has no slots.
    inspect: (resource) =>
      after(driver.inspect(resource), (info) =>
        (info !== null && info.id !== '') || parseSlotName(resource) !== undefined
          ? info
          : after(listSlots(resource), (slots) => mergeSlots(slots)[0] ?? info),
      ),
    list: (options) => after(driver.list(options), mergeSlots),
    forceRelease: (resource, id) =>
      after(driver.forceRelease(resource, id), (isReleased) =>
        isReleased
          ? true
          : after(listSlots(resource), (slots) => {
              const slot = slots.find(({ holders }) => holders.some((holder) => holder.id === id))
              return slot === undefined ? false : driver.forceRelease(slot.resource, id)
            }),
      ),
    clean: (options) => after(driver.clean(options), mergeFreedSlots),
    ...(driver.ownedBy !== undefined && {
      ownedBy: (pid, partnerPid) => withSlots(driver.ownedBy?.(pid, partnerPid) ?? driver),
    }),
    get aliases() {
      return driver.aliases as LockDriver
    },
  }
}

/** On an embedded driver there is no await before a free slot is taken or the queue is entered. */
async function acquireSlot(
  driver: LockDriver,
  request: SlotsWanted,
  wait: LockWait,
): Promise<SlotGrant> {
  wait.signal.throwIfAborted()
  const patient = { ...request, waits: true }
  const free =
    driver.tryAcquireSync === undefined
      ? await trySlots(driver, patient).catch(nullIfClosed)
      : trySlotsSync(driver, patient)
  return free ?? waitForSlot(driver, request, wait)
}

/** An engine that grants nothing yet is waited for. */
function nullIfClosed(error: unknown): null {
  if (closedForMs(error) === undefined) throw error
  return null
}

/** Continues with a value, synchronously unless it is a promise. */
function after<T, R>(value: MaybePromise<T>, next: (value: T) => MaybePromise<R>): MaybePromise<R> {
  return value instanceof Promise ? value.then(next) : next(value)
}
