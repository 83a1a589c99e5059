import { debug } from '../base/terminal/message.js'
import { CliOpsError, isCliOpsError } from '../base/errors/cli-ops-error.js'
import { describeOwner } from '../locks/contract/describe-owner.js'
import type {
  ListOptions,
  LockDriver,
  LockGrant,
  LockRequest,
  LockWait,
} from '../locks/contract/lock-driver.js'
import type { LockInfo } from '../locks/contract/lock-types.js'
import { currentInstant, type Instant } from './lease-clock.js'
import { LeasedGrant } from './leased-grant.js'
import { type LeaseQueue, LeaseWait, type Standing } from './lease-wait.js'
import { throughOutage } from '../base/errors/through-outage.js'

/** How long to retry a failed release: otherwise, waiters would wait until the lease ends. */
const RELEASE_PATIENCE_MS = 1_000
const RETRY_MS = 50

/**
 * What an engine provides for locks that are leases with a queue. Each call is atomic. A release grants the lock to the next waiter.
 */
export interface LeasedLockEngine {
  readonly leaseMs: number
  readonly timeoutMs: number
  /**
   * Requests a lock: tries once, or enters the queue. Repeated with the same id, it returns the same grant. Rejects with
   * `LOCK_DEADLOCK` if waiting would never end.
   */
  ask(request: LockRequest, how: 'try' | 'wait', signal?: AbortSignal): Promise<Standing>
  /** Returns a waiter's state and renews its queue position. */
  poll(request: LockRequest): Promise<Standing>
  /**
   * Renews the grant with that token, even if the engine has lost it but not granted the lock since. Resolves to false if it is no
   * longer held.
   */
  extend(request: LockRequest, token: bigint): Promise<boolean>
  /** Releases a grant or a queue position. */
  release(request: LockRequest): Promise<void>
  /** Resolves once this process is notified of grants and losses. Absent if the engine sends no notifications. */
  ready?(signal?: AbortSignal): Promise<void>
  /** How often a waiter polls. @default a third of a lease, if waiters are notified of grants */
  readonly lookEveryMs?: number
  inspect(resource: string): Promise<LockInfo | null>
  /** Returns for how long a free lock is not granted, since the engine is new or may have lost its records. @default never */
  closedForMs?(resource: string): Promise<number>
  list(options?: ListOptions): Promise<LockInfo[]>
  forceRelease(resource: string, id: string): Promise<boolean>
  clean(): Promise<LockInfo[]>
}

/**
 * Locks as leases, with a queue on an engine. Without notifications of grants and losses, waiters poll, and owners notice a loss when
 * they renew.
 */
export class LeasedLocks implements LockDriver, LeaseQueue {
  readonly #engine: LeasedLockEngine
  readonly #grants = new Map<
    string,
    { readonly grant: LeasedGrant; readonly request: LockRequest }
  >()
  readonly #waits = new Map<string, LeaseWait>()
  /** Pending releases, which can take longer than any caller waits for them. */
  readonly #leaving = new Set<Promise<void>>()

  constructor(engine: LeasedLockEngine) {
    this.#engine = engine
  }

  get leaseMs(): number {
    return this.#engine.leaseMs
  }

  get timeoutMs(): number {
    return this.#engine.timeoutMs
  }

  get lookEveryMs(): number | undefined {
    return this.#engine.lookEveryMs
  }

  async tryAcquire(request: LockRequest): Promise<LockGrant | null> {
    const sentAt = currentInstant()
    const standing = await this.#engine.ask(request, 'try').catch((error: unknown) => {
      // The engine might have granted it anyway, without an owner.
      void this.leave(request)
      throw error
    })
    return standing.state === 'granted' ? this.hold(request, standing.token, sentAt) : null
  }

  async resume(request: LockRequest, token: bigint): Promise<LockGrant | null> {
    const sentAt = currentInstant()
    return (await this.#engine.extend(request, token)) ? this.hold(request, token, sentAt) : null
  }

  async acquire(request: LockRequest, wait: LockWait): Promise<LockGrant> {
    wait.signal.throwIfAborted()
    const waiting = new LeaseWait(this, request, wait)
    this.#waits.set(request.id, waiting)
    try {
      return await waiting.granted()
    } finally {
      this.#waits.delete(request.id)
    }
  }

  inspect(resource: string): Promise<LockInfo | null> {
    return this.#engine.inspect(resource)
  }

  async closedForMs(resource: string): Promise<number> {
    return (await this.#engine.closedForMs?.(resource)) ?? 0
  }

  list(options?: ListOptions): Promise<LockInfo[]> {
    return this.#engine.list(options)
  }

  forceRelease(resource: string, id: string): Promise<boolean> {
    return this.#engine.forceRelease(resource, id)
  }

  clean(): Promise<LockInfo[]> {
    return this.#engine.clean()
  }

  /** Called with the engine's message that a waiter is granted the lock: `<id> <token>`. */
  onGranted(message: string): void {
    const [id = '', token = ''] = message.split(' ')
    if (/^\d+$/u.test(token)) this.#waits.get(id)?.onGranted(BigInt(token))
  }

  /** Called when the lock was taken from the grant with this id. */
  onLost(id: string): void {
    this.#grants.get(id)?.grant.lose()
  }

  /** Renews this grant, because the engine doubts that its owner is alive. */
  renew(id: string): void {
    const held = this.#grants.get(id)
    if (held?.grant.isHeld() !== true) return
    this.#engine.extend(held.request, held.grant.token).then(
      (isHeld) => {
        if (!isHeld) held.grant.lose()
      },
      () => undefined,
    )
  }

  /** Called when messages might have been lost. */
  onReady(): void {
    for (const wait of this.#waits.values()) wait.look()
  }

  /** Resolves when messages arrive. */
  async listen(signal: AbortSignal): Promise<void> {
    await this.#engine.ready?.(signal)
  }

  ask(request: LockRequest, signal: AbortSignal): Promise<Standing> {
    return this.#engine.ask(request, 'wait', signal)
  }

  poll(request: LockRequest): Promise<Standing> {
    return this.#engine.poll(request)
  }

  hold(
    request: LockRequest,
    token: bigint,
    sentAt: Instant,
    usableMs: number = this.leaseMs,
  ): LeasedGrant {
    const { id } = request
    const { leaseMs } = this
    const grant = new LeasedGrant(
      { id, token, grantedAt: new Date(), usableMs, sentAt },
      {
        leaseMs,
        renew: async () => ((await this.#engine.extend(request, token)) ? leaseMs : 0),
        release: async (wasLost) => {
          if (!wasLost) await this.leave(request)
        },
        watch: () => {
          // From now on the engine's messages count, in addition to the renewals.
          this.#engine.ready?.().catch(() => undefined)
        },
        forget: () => this.#grants.delete(id),
      },
    )
    this.#grants.set(id, { grant, request })
    return grant
  }

  /**
   * Releases a queue position or a grant, with retries over a connection that was just lost. If the engine is unreachable, it expires.
   */
  async leave(request: LockRequest): Promise<void> {
    const patienceMs = Math.min(RELEASE_PATIENCE_MS, this.timeoutMs)
    const limits = { patienceMs, pauseMs: RETRY_MS }
    const release = (): Promise<void> => this.#engine.release(request)
    const leaving = throughOutage(limits, release).catch((error: unknown) => {
      if (!isCliOpsError(error)) throw error
      debug(() => `${request.resource} stays locked until its lease ends: ${error.message}`)
    })
    this.#leaving.add(leaving)
    await leaving.finally(() => this.#leaving.delete(leaving))
  }

  /** Ends the waits and releases the grants, as far as time allows. */
  async close(): Promise<void> {
    const reason = new CliOpsError('CLOSED', 'the driver was closed')
    for (const wait of this.#waits.values()) wait.end(reason)
    const grants = [...this.#grants.values()]
    await Promise.all(grants.map(({ grant }) => grant.release()))
    // The engine must know before the connection ends: others would wait for an orphaned queue position.
    await Promise.allSettled(this.#leaving)
  }
}

/** The error for a wait that would never end. @param cycle the resources held in a cycle; @param info describes the first one */
export function deadlockError(
  resource: string,
  cycle: readonly string[],
  info: LockInfo | null,
): CliOpsError {
  const names = cycle.map((name) => JSON.stringify(name)).join(', ')
  const owner = info === null ? 'others' : describeOwner(info.owner)
  return new CliOpsError(
    'LOCK_DEADLOCK',
    `waiting for ${JSON.stringify(resource)} would never end: ${names} ${cycle.length === 1 ? 'is' : 'are'} held in a cycle by ${owner}`,
    { details: { resource, cycle } },
  )
}
