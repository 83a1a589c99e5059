import { createLockInfo } from '../contract/create-lock-info.js'
import type { Holder, LockInfo, LockWaiter } from '../contract/lock-types.js'
import { parseSlotName } from '../contract/slot-name.js'

/** Replaces the slot locks of each resource by one lock. Other locks stay as they are. */
export function mergeSlots(infos: readonly LockInfo[]): LockInfo[] {
  const pools = new Map<string, LockInfo[]>()
  const merged: (LockInfo | string)[] = []
  for (const info of infos) {
    const part = parseSlotName(info.resource)
    if (part === undefined) {
      merged.push(info)
      continue
    }
    const { resource, kind } = part
    if (kind === 'mark') continue
    if (!pools.has(resource)) merged.push(resource)
    pools.set(resource, [...(pools.get(resource) ?? []), info])
  }
  return merged.flatMap((info) =>
    typeof info === 'string' ? (poolInfo(info, pools.get(info) ?? []) ?? []) : info,
  )
}

/** Like {@link mergeSlots}, for freed locks: a door left behind does not count as one. */
export function mergeFreedSlots(infos: readonly LockInfo[]): LockInfo[] {
  return mergeSlots(infos.filter(({ resource }) => !isDoor(resource)))
}

/** Describes the slots of one resource, from its slot locks and doors. */
export function poolInfo(resource: string, parts: readonly LockInfo[]): LockInfo | null {
  const holders = parts.flatMap((info): Holder[] => {
    const slot = parseSlotName(info.resource)?.slot
    return slot === undefined ? [] : info.holders.map((holder) => ({ ...holder, slot }))
  })
  const doors = parts.filter((info) => isDoor(info.resource))
  const closed = parts.flatMap(({ closedUntil }) => closedUntil?.getTime() ?? [])
  return createLockInfo({
    resource,
    mode: 'exclusive',
    holders,
    waiting: () => queueOf(doors),
    closedUntil: closed.length === 0 ? undefined : new Date(Math.max(...closed)),
  })
}

function isDoor(name: string): boolean {
  return parseSlotName(name)?.kind === 'door'
}

/** Returns all waiters. The holder of a door waits for a slot too, ahead of those in the door's queue. */
function queueOf(doors: readonly LockInfo[]): LockWaiter[] {
  const queues = doors.map(({ holders, waiting }) => {
    const [next] = waiting
    const heads = holders.map(({ owner, since, label }) => ({
      owner,
      since: next !== undefined && next.since < since ? next.since : since,
      ...(label !== undefined && { label }),
    }))
    return [...heads, ...waiting]
  })
  const all = queues.flat()
  return queues.length > 1 ? all.sort((one, other) => +one.since - +other.since) : all
}
