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

/** A release that failed is worth another try for so long: what it would leave is waited for until its lease ends. */
const RELEASE_PATIENCE_MS = 1_000
const RETRY_MS = 50

/** What an engine does for locks that are leases with a queue. Each call is atomic; who makes room lets the next waiter in. */
export interface LeasedLockEngine {
  readonly leaseMs: number
  readonly timeoutMs: number
  /**
   * Asks for a lock: tries once, or enters the queue. Asked again with the same id it gives the same grant. Rejects with `LOCK_DEADLOCK`
   * where waiting would never end.
   */
  ask(request: LockRequest, how: 'try' | 'wait', signal?: AbortSignal): Promise<Standing>
  /** Looks how a waiter stands, and renews its place. */
  poll(request: LockRequest): Promise<Standing>
  /** Renews a grant, which has that token, also one that the engine has lost and given to nobody since. Resolves to false where it is held no longer. */
  extend(request: LockRequest, token: bigint): Promise<boolean>
  /** Gives back a grant or a place in the queue. */
  release(request: LockRequest): Promise<void>
  /** Resolves once this process is told of grants and losses. Absent where the engine tells nobody. */
  ready?(signal?: AbortSignal): Promise<void>
  /**
   * How often a waiter looks for itself.
   * @default a third of a lease, where waiters are told that they were let in
   */
  readonly lookEveryMs?: number
  inspect(resource: string): Promise<LockInfo | null>
  list(options?: ListOptions): Promise<LockInfo[]>
  forceRelease(resource: string, id: string): Promise<boolean>
  clean(): Promise<LockInfo[]>
}

/** Locks as leases, with a queue on an engine. Where it tells nobody of grants and losses, waiters look, and owners find out when they renew. */
export class LeasedLocks implements LockDriver, LeaseQueue {
  readonly #engine: LeasedLockEngine
  readonly #grants = new Map<
    string,
    { readonly grant: LeasedGrant; readonly request: LockRequest }
  >()
  readonly #waits = new Map<string, LeaseWait>()
  /** What is being given back, which may take longer than anybody waits for it. */
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
      // It may have been granted all the same, to nobody.
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

  list(options?: ListOptions): Promise<LockInfo[]> {
    return this.#engine.list(options)
  }

  forceRelease(resource: string, id: string): Promise<boolean> {
    return this.#engine.forceRelease(resource, id)
  }

  clean(): Promise<LockInfo[]> {
    return this.#engine.clean()
  }

  /** A waiter was let in: `<id> <token>`, as the engine's message says. */
  onGranted(message: string): void {
    const [id = '', token = ''] = message.split(' ')
    if (/^\d+$/u.test(token)) this.#waits.get(id)?.onGranted(BigInt(token))
  }

  /** A lock was taken from the grant with this id. */
  onLost(id: string): void {
    this.#grants.get(id)?.grant.lose()
  }

  /** The engine doubts that the owner of this grant is there, and is to be shown. */
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

  /** Messages may have been lost. */
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
          // From now on the engine's word is listened to, besides the renewals.
          this.#engine.ready?.().catch(() => undefined)
        },
        forget: () => this.#grants.delete(id),
      },
    )
    this.#grants.set(id, { grant, request })
    return grant
  }

  /** Gives a place or a grant back, also over a connection that was lost just now. An engine that cannot be reached lets it expire. */
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

  /** Ends the waits and gives the grants back, as far as that is possible in time. */
  async close(): Promise<void> {
    const reason = new CliOpsError('CLOSED', 'the driver was closed')
    for (const wait of this.#waits.values()) wait.end(reason)
    const grants = [...this.#grants.values()]
    await Promise.all(grants.map(({ grant }) => grant.release()))
    // The engine must hear of it before the connection ends: a place that is left behind would be waited for.
    await Promise.allSettled(this.#leaving)
  }
}

/** The error for a wait that would never end. @param cycle the resources that are held in a cycle; @param info who has the first one */
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
