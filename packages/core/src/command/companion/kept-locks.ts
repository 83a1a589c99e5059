import type { CommandLockFacts } from '../../events/standard-events.js'
import type { LockGrant } from '../../locks/contract/lock-driver.js'
import { isCliOpsError } from '../../base/errors/cli-ops-error.js'
import { HeldLock } from '../../locks/held-lock.js'
import { LockManager } from '../../locks/lock-manager.js'
import type { Lock, LockInfo, LockOptions } from '../../locks/contract/lock-types.js'
import type { ConnectionOptions } from '../../engine/connection-options.js'
import { describeOwnProcess } from '../../base/process/own-process.js'
import { withinTime } from '../../base/wait/race.js'
import { ownOwner } from '../../locks/contract/own-owner.js'
import type { CompanionMessage, LockOrder, OrderedLock, ReportedError } from './messages.js'
import { sharedInstant } from './shared-instant.js'
import { clearInterval, clearTimeout, setInterval, setTimeout } from '../../base/wait/own-timers.js'

/** A blocking host gets its first tick after this time, and more after that. */
const FIRST_TICK_MS = 150
const TICK_MS = 1_000
/** A slow engine's answer does not delay the host's ticks: a late one is dropped. */
const LOOK_MS = 500
/** How often per lease to check whether it was renewed. */
const CHECKS_PER_LEASE = 8

/** A kept lock and what the host's last event says about it. */
interface Kept {
  readonly lock: Lock
  readonly label: string | undefined
  readonly grantedAt: Date
}

/** The locks that a companion takes, renews and releases on behalf of its host. */
export class KeptLocks {
  readonly #manager: LockManager
  readonly #connection: ConnectionOptions
  readonly #tell: (message: CompanionMessage) => void
  readonly #endHost: () => void
  readonly #kept = new Map<string, Kept>()
  /** One controller per wait, to end it. */
  readonly #waits = new Map<number, AbortController>()

  /** @param endHost asks the host to end when its run is to be replaced */
  constructor(
    connection: ConnectionOptions,
    tell: (message: CompanionMessage) => void,
    endHost: () => void,
  ) {
    this.#connection = connection
    this.#manager = new LockManager(connection)
    this.#tell = tell
    this.#endHost = endHost
  }

  /** Takes a lock and reports the outcome. */
  async take(order: LockOrder): Promise<void> {
    const { ask, resource, options, held, command, isBlocked, isWatched } = order
    if (command !== undefined) describeOwnProcess({ command })
    const { signal } = this.#wait(ask)
    const stopTicking = isBlocked || isWatched ? this.#tick(order) : undefined
    try {
      const lock = await this.#holding(held, () =>
        this.#lock(resource, {
          ...options,
          signal,
          // Getters must be read now.
          onWait: (info) => this.#tell({ kind: 'waiting', ask, info: { ...info } }),
        }),
      )
      this.#keep(ask, lock, options.label)
    } catch (error) {
      this.#tell({ kind: 'refused', ask, error: reportError(error) })
    } finally {
      this.#waits.delete(ask)
      stopTicking?.()
    }
  }

  /** Returns what the host held when it ended: the lock on this resource, else its first one. */
  heldFor(resource: string | undefined): CommandLockFacts | undefined {
    const all = [...this.#kept.values()]
    const kept = all.find(({ lock }) => lock.resource === resource) ?? all[0]
    if (kept === undefined) return undefined
    const { lock, label, grantedAt } = kept
    const heldMs = Math.max(0, Date.now() - grantedAt.getTime())
    return { resource: lock.resource, id: lock.id, label, slot: lock.slot, heldMs }
  }

  /** Releases a lock. If that fails, the lock ends with its lease. */
  async release(id: string): Promise<void> {
    const lock = this.#kept.get(id)?.lock
    this.#kept.delete(id)
    await lock?.release().catch(() => undefined)
  }

  /** Leaves a queue. The host releases a lock that was granted meanwhile when it learns of it. */
  leave(ask: number): void {
    this.#waits.get(ask)?.abort(new Error('the lock is no longer wanted'))
  }

  /** Leaves all queues. */
  stopWaiting(): void {
    for (const ask of this.#waits.keys()) this.leave(ask)
  }

  /** Releases all locks. */
  async close(): Promise<void> {
    this.#kept.clear()
    await this.#manager.close()
  }

  async #lock(
    resource: string,
    { onBusy, graceMs, ...options }: OrderedLock & LockOptions,
  ): Promise<Lock> {
    if (onBusy === undefined) return this.#manager.lock(resource, options)
    const { lockRun } = await import('../runs/lock-run.js')
    const place = { locks: this.#manager, connection: this.#connection }
    return lockRun(place, resource, { ...options, onBusy, graceMs, onAsked: this.#endHost })
  }

  #wait(ask: number): AbortController {
    const wait = new AbortController()
    this.#waits.set(ask, wait)
    return wait
  }

  /** Requests as a flow that holds these locks, so that a deadlock is found. */
  #holding<T>(held: readonly string[], ask: () => T): T {
    const [id, ...others] = held
    if (id === undefined) return ask()
    const rest = (): T => this.#holding(others, ask)
    return this.#kept.get(id)?.lock.run(rest) ?? rest()
  }

  #keep(ask: number, lock: Lock, label: string | undefined): void {
    const { id, resource, slot, token } = lock
    let grant: LockGrant | undefined
    if (lock instanceof HeldLock) lock.under((its) => (grant = its))
    const { grantedAt = new Date(), remainingMs = Infinity } = grant ?? {}
    this.#kept.set(id, { lock, label, grantedAt })
    const endsAt = sharedInstant(remainingMs)
    this.#tell({ kind: 'granted', ask, resource, id, slot, token, grantedAt, endsAt })
    if (grant !== undefined && remainingMs !== Infinity) this.#tellRenewals(grant, remainingMs)
    lock.signal.addEventListener('abort', () => {
      this.#kept.delete(id)
      this.#tell({ kind: 'lost', id })
    })
  }

  #tellRenewals(grant: LockGrant, leaseMs: number): void {
    let told = sharedInstant(leaseMs).monotonic
    const checks = setInterval(() => {
      if (!this.#kept.has(grant.id)) {
        clearInterval(checks)
        return
      }
      const endsAt = sharedInstant(grant.remainingMs)
      // One message is enough while the host does not read.
      if (endsAt.monotonic <= told + 1 || process.stdout.writableLength > 0) return
      told = endsAt.monotonic
      this.#tell({ kind: 'renewed', id: grant.id, endsAt })
    }, leaseMs / CHECKS_PER_LEASE)
    checks.unref()
  }

  #tick({ ask, resource, isWatched }: LockOrder): () => void {
    let timer: NodeJS.Timeout
    let isOver = false
    const tick = async (): Promise<void> => {
      // How long an engine may be away, the wait itself decides.
      const looking = isWatched ? this.#manager.inspect(resource).catch(() => null) : null
      const info = await withinTime(Promise.resolve(looking), LOOK_MS)
      if (isOver) return
      const isKnown = info !== null && info !== 'late' && info.id !== ''
      this.#tell({ kind: 'waiting', ask, ...(isKnown && { info: briefly(info) }) })
      tickAfter(TICK_MS)
    }
    const tickAfter = (ms: number): void => {
      timer = setTimeout(() => void tick(), ms).unref()
    }
    tickAfter(FIRST_TICK_MS)
    return () => {
      isOver = true
      clearTimeout(timer)
    }
  }
}

/** Replaces the waiters, who can be many, by the host's own queue position. */
function briefly({ waiters, ...info }: LockInfo): LockInfo {
  const { pid, host } = ownOwner()
  const position = waiters.findIndex((waiter) => waiter.pid === pid && waiter.host === host) + 1
  return { ...info, waiters: [], waiting: [], queue: { position, length: waiters.length } }
}

/** Serialises an error so that the host can recreate it. */
export function reportError(error: unknown): ReportedError {
  if (isCliOpsError(error)) {
    const { code, message, details } = error
    return { code, message, details }
  }
  const message = error instanceof Error ? error.message : String(error)
  return { code: undefined, message, details: undefined }
}
