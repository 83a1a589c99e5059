import type { Clock } from '../../base/wait/clock.js'
import { afterThis } from '../../base/wait/next-turn.js'
import { findCycle } from '../../driver-kit/find-cycle.js'
import { describeOwner } from '../../locks/contract/describe-owner.js'
import { createLockInfo } from '../../locks/contract/create-lock-info.js'
import type { LockInfo, LockMode, LockWaiter } from '../../locks/contract/lock-types.js'
import { wantedMode } from '../../locks/contract/wanted-mode.js'
import { CliOpsError } from '../../base/errors/cli-ops-error.js'
import { ownOwner } from '../../locks/contract/own-owner.js'
import type {
  LockDriver,
  LockGrant,
  LockRequest,
  LockWait,
} from '../../locks/contract/lock-driver.js'

/** A holder of a lock. */
interface Holder {
  readonly request: LockRequest
  readonly token: bigint
  readonly since: Date
  readonly lost: Set<() => void>
}

/** A pending acquisition. */
interface Waiter {
  readonly request: LockRequest
  readonly wait: LockWait
  readonly since: Date
  readonly grant: (grant: LockGrant) => void
}

/** One resource. It is kept after its last holder, since its tokens must not fall. */
interface Resource {
  token: bigint
  readonly holders: Map<string, Holder>
  readonly queue: Waiter[]
}

/** Creates in-process locks with the semantics of the local ones, for tests and single programs. */
export function createMemoryLocks(clock: Clock): LockDriver {
  const locks = new MemoryLocks(clock)
  return {
    tryAcquire: (request) => locks.tryAcquire(request),
    tryAcquireSync: (request) => locks.tryAcquire(request),
    acquire: (request, wait) => locks.acquire(request, wait),
    inspect: (resource) => locks.inspect(resource),
    list: () => locks.list(),
    forceRelease: (resource, id) => locks.forceRelease(resource, id),
    // Owners in this process never die.
    clean: () => [],
  }
}

class MemoryLocks {
  readonly #clock: Clock
  readonly #resources = new Map<string, Resource>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  tryAcquire(request: LockRequest): LockGrant | null {
    const resource = this.#of(request.resource)
    const { holders, queue } = resource
    const isReentry =
      request.mode === 'shared' &&
      request.held.some((id) => holders.get(id)?.request.mode === 'shared')
    return isOpen(resource, request.mode) && (queue.length === 0 || isReentry)
      ? this.#grant(resource, request)
      : null
  }

  async acquire(request: LockRequest, wait: LockWait): Promise<LockGrant> {
    wait.signal.throwIfAborted()
    const grant = this.tryAcquire(request)
    if (grant !== null) return grant
    const resource = this.#of(request.resource)
    // Waits start one after the other, so the last one always completes a cycle.
    const cycle = this.#findCycle(request)
    if (cycle !== undefined) throw deadlockError(request, cycle)
    return new Promise((resolve, reject) => {
      const abort = (): void => {
        resource.queue.splice(resource.queue.indexOf(waiter), 1)
        this.#serve(resource)
        reject(wait.signal.reason as Error)
      }
      const waiter: Waiter = {
        request,
        wait,
        since: new Date(this.#clock.now()),
        grant: (granted) => {
          wait.signal.removeEventListener('abort', abort)
          resolve(granted)
        },
      }
      resource.queue.push(waiter)
      wait.signal.addEventListener('abort', abort, { once: true })
      this.#tell(waiter)
    })
  }

  inspect(name: string): LockInfo | null {
    const resource = this.#resources.get(name)
    const [first] = resource?.holders.values() ?? []
    if (resource === undefined || first === undefined) return null
    const holders = [...resource.holders.values()]
    return createLockInfo({
      resource: name,
      mode: first.request.mode,
      holders: holders.map(({ request, token, since }) => ({
        ...toWaiter(request, since),
        id: request.id,
        token,
      })),
      waiting: () =>
        resource.queue.map(({ request, since }) => ({
          ...toWaiter(request, since),
          ...wantedMode(request.mode),
        })),
    })
  }

  list(): LockInfo[] {
    return [...this.#resources.keys()].flatMap((name) => this.inspect(name) ?? [])
  }

  forceRelease(name: string, id: string): boolean {
    const resource = this.#resources.get(name)
    const holder = resource?.holders.get(id)
    if (resource === undefined || holder === undefined) return false
    this.#release(resource, id)
    for (const listener of holder.lost) afterThis(listener)
    return true
  }

  #of(name: string): Resource {
    let resource = this.#resources.get(name)
    if (resource === undefined) {
      resource = { token: 0n, holders: new Map(), queue: [] }
      this.#resources.set(name, resource)
    }
    return resource
  }

  #grant(resource: Resource, request: LockRequest): LockGrant {
    resource.token += 1n
    const { token } = resource
    const since = new Date(this.#clock.now())
    const { id } = request
    const holder: Holder = { request, token, since, lost: new Set() }
    resource.holders.set(id, holder)
    const isHeld = (): boolean => resource.holders.get(id) === holder
    const release = (): void => {
      if (isHeld()) this.#release(resource, id)
    }
    return {
      id,
      token,
      grantedAt: since,
      isHeld,
      onLost: (listener) => {
        holder.lost.add(listener)
        return () => holder.lost.delete(listener)
      },
      release,
      releaseSync: release,
    }
  }

  #release(resource: Resource, id: string): void {
    resource.holders.delete(id)
    this.#serve(resource)
  }

  #serve(resource: Resource): void {
    for (;;) {
      const [next] = resource.queue
      if (next === undefined || !isOpen(resource, next.request.mode)) break
      resource.queue.shift()
      next.grant(this.#grant(resource, next.request))
    }
    for (const waiter of resource.queue) this.#tell(waiter)
  }

  #tell({ request, wait }: Waiter): void {
    const info = this.inspect(request.resource)
    if (info !== null) wait.onWait?.(info)
  }

  /** Returns the resources of a cycle that the request would complete. */
  #findCycle(request: LockRequest): string[] | undefined {
    const chain = findCycle<LockRequest, Holder>(request, {
      idOf: (holder) => holder.request.id,
      modeOf: (of) => ('request' in of ? of.request.mode : of.mode),
      holdersFor: ({ resource }) => this.#of(resource).holders.values(),
      isBehindExclusive: (waiting) => {
        const { queue } = this.#of(waiting.resource)
        const position = queue.findIndex((waiter) => waiter.request === waiting)
        const ahead = position < 0 ? queue : queue.slice(0, position)
        return ahead.some((waiter) => waiter.request.mode === 'exclusive')
      },
      waitersHolding: (holder) =>
        [...this.#resources.values()].flatMap(({ queue }) =>
          queue
            .map((waiter) => waiter.request)
            .filter(({ held }) => held.includes(holder.request.id)),
        ),
      closes: (holder) => request.held.includes(holder.request.id),
    })
    return chain?.map(({ waiter }) => waiter.resource)
  }
}

function toWaiter({ owner = ownOwner(), label }: LockRequest, since: Date): LockWaiter {
  return { owner, since, ...(label !== undefined && { label }) }
}

function isOpen({ holders }: Resource, mode: LockMode): boolean {
  if (holders.size === 0) return true
  return (
    mode === 'shared' && [...holders.values()].every(({ request }) => request.mode === 'shared')
  )
}

function deadlockError({ resource }: LockRequest, cycle: readonly string[]): CliOpsError {
  const names = cycle.map((name) => JSON.stringify(name)).join(', ')
  return new CliOpsError(
    'LOCK_DEADLOCK',
    `waiting for "${resource}" would never end: ${names} ${cycle.length === 1 ? 'is' : 'are'} held in a cycle by ${describeOwner(ownOwner())}`,
    { details: { resource, cycle } },
  )
}
