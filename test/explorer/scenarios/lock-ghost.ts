import type { LockGrant } from '../../../packages/core/src/locks/contract/lock-driver.js'
import type { LockMode } from '../../../packages/core/src/locks/contract/lock-types.js'
import type { SimulatedProcess } from '../engine/program.js'
import type { Ghost, World } from '../engine/world.js'

/** A grant whose owner believes it is inside. */
interface Holder {
  readonly process: number
  readonly id: string
  readonly mode: LockMode
}

/** What the observer knows of one lock. */
export interface LockGhost extends Ghost {
  readonly holders: readonly Holder[]
  /** Ids that are being released, or have been released, by force. */
  readonly forced: readonly string[]
  /** Those of them that were reported as released. */
  readonly lost: readonly string[]
  /** The highest granted token, and the highest of an exclusive grant. */
  readonly lastToken: string
  readonly lastExclusive: string
  readonly grants: number
  /** Ids that are in the queue. */
  readonly queued: readonly string[]
  /** For later arrivals, the ids that were in the queue before them. */
  readonly behind: Readonly<Record<string, readonly string[]>>
}

export const NO_LOCKS: LockGhost = {
  holders: [],
  forced: [],
  lost: [],
  lastToken: '0',
  lastExclusive: '0',
  grants: 0,
  queued: [],
  behind: {},
}

/** The token of locks that have none. */
export const NO_TOKEN = 0n

/** Records that a process is about to request the lock. Processes already in the queue go before it. */
export function arrive(ghost: LockGhost, id: string): LockGhost {
  if (ghost.queued.length === 0) return ghost
  return { ...ghost, behind: { ...ghost.behind, [id]: ghost.queued } }
}

/** Records that a process got its grant under another id than it requested. */
export function comeAs(ghost: LockGhost, asked: string, id: string): LockGhost {
  const before = ghost.behind[asked]
  return before === undefined ? ghost : { ...ghost, behind: { ...ghost.behind, [id]: before } }
}

/** Records that a process is in the queue. */
export function queue(ghost: LockGhost, id: string): LockGhost {
  return ghost.queued.includes(id) ? ghost : { ...ghost, queued: [...ghost.queued, id] }
}

/** Records that a process has left the queue. */
export function leaveQueue(ghost: LockGhost, id: string): LockGhost {
  return { ...ghost, queued: ghost.queued.filter((other) => other !== id) }
}

/**
 * Returns the processes that were in the queue first and are alive. The clock stands still, so tickets of one moment
 * are ordered by process.
 */
function passedBy(
  { queued, behind }: LockGhost,
  { processes }: World,
  process: number,
  id: string,
) {
  return queued.filter((other) => {
    const owner = Number(/\d+/u.exec(other)?.[0])
    const isAlive = processes[owner]?.status !== 'crashed'
    return owner < process && isAlive && behind[id]?.includes(other)
  })
}

/** Records a grant. Wrong are a grant beside another owner, a token that does not rise, and a grant out of turn. */
function enter(
  ghost: LockGhost,
  world: World,
  process: number,
  { id, token }: LockGrant,
  mode: LockMode,
): LockGhost {
  const { processes } = world
  const others = ghost.holders.filter(
    (holder) =>
      !ghost.forced.includes(holder.id) && processes[holder.process]?.status !== 'crashed',
  )
  const isShared = mode === 'shared' && others.every((holder) => holder.mode === 'shared')
  let wrong = ghost.wrong
  const isForced = ghost.forced.includes(id)
  // A process that lost its lock before it learned of its grant finds out as soon as it asks.
  if (others.length > 0 && !isShared && !isForced)
    wrong = `${id} (${mode}) holds the lock beside ${others.map((other) => `${other.id} (${other.mode})`).join()}`
  // Sharers are inside together, so the order of their tokens means nothing.
  const floor = BigInt(mode === 'shared' ? ghost.lastExclusive : ghost.lastToken)
  if (token <= floor && !isForced && token !== NO_TOKEN)
    wrong = `the token of ${id} is ${token}, after one of ${floor}`
  const passed = passedBy(ghost, world, process, id)
  if (passed.length > 0) wrong = `${id} goes before ${passed.join()}, who came first`
  const last = token > BigInt(ghost.lastToken) ? String(token) : ghost.lastToken
  return {
    ...ghost,
    wrong,
    holders: [...others, { process, id, mode }],
    lastToken: last,
    lastExclusive: mode === 'exclusive' ? String(token) : ghost.lastExclusive,
    grants: ghost.grants + 1,
  }
}

function leave(ghost: LockGhost, id: string): LockGhost {
  return { ...ghost, holders: ghost.holders.filter((holder) => holder.id !== id) }
}

/** Records what a grant reports about itself. */
function checkHeld(ghost: LockGhost, id: string, isHeld: boolean): LockGhost {
  let { wrong } = ghost
  if (!isHeld && !ghost.forced.includes(id)) wrong = `${id} is told that it lost the lock`
  if (isHeld && ghost.lost.includes(id))
    wrong = `${id} is told that it holds a lock that was taken away`
  return { ...ghost, wrong }
}

/** Holds a lock for a while and releases it. */
export function hold(process: SimulatedProcess<LockGhost>, grant: LockGrant, mode: LockMode): void {
  process.note((ghost, world) => enter(ghost, world, process.index, grant, mode))
  process.pause(`hold ${grant.id}`)
  const isHeld = grant.isHeld()
  process.note((ghost) => leave(checkHeld(ghost, grant.id, isHeld), grant.id))
  grant.releaseSync?.()
}

/** Records that an id is being released by force, and then whether it was. */
export function force(ghost: LockGhost, id: string): LockGhost {
  return { ...ghost, forced: [...ghost.forced, id] }
}

export function forced(ghost: LockGhost, id: string, isReleased: boolean): LockGhost {
  if (isReleased) return { ...ghost, lost: [...ghost.lost, id] }
  return { ...ghost, forced: ghost.forced.filter((other) => other !== id) }
}
