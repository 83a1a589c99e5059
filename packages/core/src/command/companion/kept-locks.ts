import type { LockGrant } from '../../locks/contract/lock-driver.js'
import { isCliOpsError } from '../../base/errors/cli-ops-error.js'
import { HeldLock } from '../../locks/held-lock.js'
import { LockManager } from '../../locks/lock-manager.js'
import type { Lock, LockOptions } from '../../locks/contract/lock-types.js'
import type { ConnectionOptions } from '../../engine/connection-options.js'
import { describeOwnProcess } from '../../base/process/own-process.js'
import type { CompanionMessage, LockOrder, OrderedLock, ReportedError } from './messages.js'
import { sharedInstant } from './shared-instant.js'

/** A blocking host gets its first tick after this time, and more after that. */
const FIRST_TICK_MS = 150
const TICK_MS = 1_000
/** How often per lease to check whether it was renewed. */
const CHECKS_PER_LEASE = 8

/** The locks that a companion takes, renews and releases on behalf of its host. */
export class KeptLocks {
  readonly #manager: LockManager
  readonly #connection: ConnectionOptions
  readonly #tell: (message: CompanionMessage) => void
  readonly #endHost: () => void
  readonly #kept = new Map<string, Lock>()
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
  async take({ ask, resource, options, held, command, isBlocked }: LockOrder): Promise<void> {
    if (command !== undefined) describeOwnProcess({ command })
    const { signal } = this.#wait(ask)
    const stopTicking = isBlocked ? this.#tick(ask) : undefined
    try {
      const lock = await this.#holding(held, () =>
        this.#lock(resource, {
          ...options,
          signal,
          // Getters must be read now.
          onWait: (info) => this.#tell({ kind: 'waiting', ask, info: { ...info } }),
        }),
      )
      this.#keep(ask, lock)
    } catch (error) {
      this.#tell({ kind: 'refused', ask, error: reportError(error) })
    } finally {
      this.#waits.delete(ask)
      stopTicking?.()
    }
  }

  /** Releases a lock. If that fails, the lock ends with its lease. */
  async release(id: string): Promise<void> {
    const lock = this.#kept.get(id)
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
    return this.#kept.get(id)?.run(rest) ?? rest()
  }

  #keep(ask: number, lock: Lock): void {
    const { id, resource, slot, token } = lock
    let grant: LockGrant | undefined
    if (lock instanceof HeldLock) lock.under((its) => (grant = its))
    this.#kept.set(id, lock)
    const { grantedAt = new Date(), remainingMs = Infinity } = grant ?? {}
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

  #tick(ask: number): () => void {
    let timer: NodeJS.Timeout
    const tickAfter = (ms: number): void => {
      timer = setTimeout(() => {
        this.#tell({ kind: 'waiting', ask })
        tickAfter(TICK_MS)
      }, ms).unref()
    }
    tickAfter(FIRST_TICK_MS)
    return () => clearTimeout(timer)
  }
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
