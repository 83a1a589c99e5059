import {
  anySignal,
  CliOpsError,
  currentInstant,
  debug,
  type Instant,
  isCliOpsError,
  LeasedGrant,
  type ListOptions,
  monotonicMs,
  type LockDriver,
  type LockGrant,
  type LockInfo,
  type LockRequest,
  type LockWait,
  ownOwner,
  pause,
} from '@cli-ops/shared-ipc/driver'

import type { ConnectionPart, HubConnection } from '../connection/hub-connection.js'
import type { WireGrant, WireLockInfo } from '../protocol/protocol.js'
import { decodeLockInfo, encodeOwner } from '../protocol/wire-lock.js'

/** How long leaving the queue can take if the hub does not answer; then the lease ends what was granted meanwhile. */
const LEAVE_MS = 50
const RETRY_MS = 100

/** Locks as leases that a hub grants and renews. */
export class HubLocks implements LockDriver, ConnectionPart {
  readonly #connection: HubConnection
  readonly #grants = new Map<string, LeasedGrant>()
  readonly #waits = new Map<string, LockWait>()
  /** Waiting calls, and releases in progress, which can take longer than their callers wait. */
  readonly #pending = new Set<Promise<unknown>>()
  readonly #closing = new AbortController()

  constructor(connection: HubConnection) {
    this.#connection = connection
  }

  /** The lease length that the hub has granted. */
  get #leaseMs(): number {
    return this.#connection.live?.welcome.leaseMs ?? this.#connection.options.leaseMs
  }

  get isNeeded(): boolean {
    return this.#grants.size > 0 || this.#waits.size > 0
  }

  async tryAcquire(request: LockRequest): Promise<LockGrant | null> {
    try {
      const sentAt = currentInstant()
      const grant = await this.#ask(request, false, {})
      const held = grant === null ? null : await this.#hold(request, grant, sentAt)
      return held?.isHeld() === true ? held : null
    } catch (error) {
      // It may have been granted all the same, to a caller that has left.
      void this.#leave(request)
      throw error
    }
  }

  acquire(request: LockRequest, wait: LockWait): Promise<LockGrant> {
    return this.#follow(this.#acquire(request, wait))
  }

  async #acquire(request: LockRequest, wait: LockWait): Promise<LockGrant> {
    wait.signal.throwIfAborted()
    const { signal, stop } = anySignal(wait.signal, this.#closing.signal)
    this.#waits.set(request.id, wait)
    try {
      return await this.#waitFor(request, signal)
    } catch (error) {
      await this.#leave(request)
      throw error
    } finally {
      stop()
      this.#waits.delete(request.id)
    }
  }

  async inspect(resource: string): Promise<LockInfo | null> {
    const info = (await this.#connection.call('locks.inspect', { resource })) as WireLockInfo | null
    return info === null ? null : decodeLockInfo(info)
  }

  async closedForMs(resource: string): Promise<number> {
    return Number(await this.#connection.call('locks.closedForMs', { resource }))
  }

  async list({ prefix }: ListOptions = {}): Promise<LockInfo[]> {
    const params = prefix === undefined ? {} : { prefix }
    const infos = (await this.#connection.call('locks.list', params)) as WireLockInfo[]
    return infos.flatMap((info) => decodeLockInfo(info) ?? [])
  }

  async forceRelease(resource: string, id: string): Promise<boolean> {
    const params = { resource, id }
    return (await this.#connection.call('locks.forceRelease', params, { repeat: 'once' })) === true
  }

  async clean(): Promise<LockInfo[]> {
    const infos = (await this.#connection.call('locks.clean', {})) as WireLockInfo[]
    return infos.flatMap((info) => decodeLockInfo(info) ?? [])
  }

  onNotification = (method: string, params: Readonly<Record<string, unknown>>): void => {
    const id = String(params['id'])
    if (method === 'locks.lost') this.#grants.get(id)?.lose()
    if (method !== 'locks.waiting') return
    const info = decodeLockInfo(params['info'] as WireLockInfo)
    if (info !== null) this.#waits.get(id)?.onWait?.(info)
  }

  /** Ends the waits and releases the grants, if possible in time. */
  async close(): Promise<void> {
    this.#closing.abort(new CliOpsError('CLOSED', 'the driver was closed'))
    await Promise.all([...this.#grants.values()].map((grant) => grant.release()))
    // The hub must learn of it before the connection ends: it keeps the queue position of a session that can return.
    while (this.#pending.size > 0) await Promise.allSettled(this.#pending)
  }

  #follow<T>(work: Promise<T>): Promise<T> {
    const followed = work.finally(() => this.#pending.delete(followed))
    this.#pending.add(followed)
    return followed
  }

  /**
   * Waits, across connections that end meanwhile: asked again with the same id, the hub continues with the same queue
   * position. After an absence longer than a lease the hub has forgotten it; even that must not end a long wait.
   */
  async #waitFor(request: LockRequest, signal: AbortSignal): Promise<LeasedGrant> {
    const { leaseMs, timeoutMs } = this.#connection.options
    let isAwaySince: number | undefined
    for (;;) {
      const sentAt = currentInstant()
      try {
        await this.#connection.connect(signal)
        isAwaySince = undefined
        const grant = await this.#ask(request, true, { signal, timeoutMs: Infinity })
        const held = grant === null ? undefined : await this.#hold(request, grant, sentAt)
        if (held?.isHeld() === true) return held
      } catch (error) {
        signal.throwIfAborted()
        if (!isCliOpsError(error, 'ENGINE_UNAVAILABLE')) throw error
        isAwaySince ??= monotonicMs()
        if (monotonicMs() - isAwaySince > leaseMs + timeoutMs) throw error
        await pause(RETRY_MS * (0.5 + Math.random()), signal)
      }
    }
  }

  async #ask(
    { resource, mode, id, held, label }: LockRequest,
    wait: boolean,
    options: { readonly signal?: AbortSignal; readonly timeoutMs?: number },
  ): Promise<WireGrant | null> {
    const owner = encodeOwner(ownOwner())
    const params = { resource, mode, id, held, label, owner, wait }
    return (await this.#connection.call('locks.acquire', params, options)) as WireGrant | null
  }

  /** Creates the grant. If it was waited for, or took long, it is renewed before the owner can rely on it. */
  async #hold(
    { resource, id, mode }: LockRequest,
    { token, grantedAt, leaseMs, proof }: WireGrant,
    sentAt: Instant,
  ): Promise<LeasedGrant> {
    const spent = currentInstant().monotonic - sentAt.monotonic
    const usableMs = spent < leaseMs / 3 ? leaseMs : 0
    const grant = new LeasedGrant(
      { id, token: BigInt(token), grantedAt: new Date(grantedAt), usableMs, sentAt },
      {
        leaseMs: this.#leaseMs,
        renew: () => this.#renew({ resource, id, mode, token, proof }),
        // Even if lost: the hub keeps it for its owner until the lease ends, and the owner no longer needs it.
        release: () => this.#release(resource, id),
        forget: () => this.#grants.delete(id),
      },
    )
    this.#grants.set(id, grant)
    if (usableMs === 0) {
      try {
        await grant.begin()
      } catch (error) {
        grant.lose()
        throw error
      }
    }
    return grant
  }

  /** A restarted hub, or another one, needs to know which lock to renew, and that it is this session's. */
  async #renew(held: object): Promise<number> {
    return Number(await this.#connection.call('locks.renew', held))
  }

  async #release(resource: string, id: string): Promise<void> {
    try {
      await this.#connection.call('locks.release', { resource, id })
    } catch (error) {
      if (!isCliOpsError(error)) throw error
      debug(() => `${resource} stays locked until its lease ends: ${error.message}`)
    }
  }

  /** Gives up a queue position, or an unclaimed grant. Never rejects. */
  async #leave({ resource, id }: LockRequest): Promise<void> {
    const session = this.#connection.live
    if (session === undefined) return
    const left = this.#follow(
      session.call('locks.release', { resource, id }).catch(() => undefined),
    )
    await Promise.race([left, pause(LEAVE_MS)])
  }
}
