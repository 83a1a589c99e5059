import {
  CliOpsError,
  currentInstant,
  debug,
  type Instant,
  isCliOpsError,
  LeasedGrant,
  type LockDriver,
  type LockGrant,
  type LockInfo,
  type LockRequest,
  type LockWait,
  monotonicMs,
  ownOwner,
} from '@cli-ops/shared-ipc/driver'

import type { ConnectionPart, HubConnection } from '../connection/hub-connection.js'
import type { WireGrant, WireLockInfo } from '../protocol/protocol.js'
import { decodeLockInfo, encodeOwner } from '../protocol/wire-lock.js'

/** Leaving the queue may take this long where the hub does not answer; the lease then ends what was granted meanwhile. */
const LEAVE_MS = 50
const RETRY_MS = 100

/** Locks as leases that a hub gives and renews. */
export class HubLocks implements LockDriver, ConnectionPart {
  readonly #connection: HubConnection
  readonly #grants = new Map<string, LeasedGrant>()
  readonly #waits = new Map<string, LockWait>()
  readonly #closing = new AbortController()

  constructor(connection: HubConnection) {
    this.#connection = connection
  }

  /** What the hub has granted of the lease that was asked for. */
  get #leaseMs(): number {
    return this.#connection.live?.welcome.leaseMs ?? this.#connection.options.leaseMs
  }

  get isPrecious(): boolean {
    return this.#grants.size > 0
  }

  async tryAcquire(request: LockRequest): Promise<LockGrant | null> {
    try {
      const sentAt = currentInstant()
      const grant = await this.#ask(request, false, {})
      const held = grant === null ? null : await this.#hold(request, grant, sentAt)
      return held?.isHeld() === true ? held : null
    } catch (error) {
      // It may have been granted all the same, to nobody.
      void this.#leave(request)
      throw error
    }
  }

  async acquire(request: LockRequest, wait: LockWait): Promise<LockGrant> {
    wait.signal.throwIfAborted()
    const signal = AbortSignal.any([wait.signal, this.#closing.signal])
    this.#waits.set(request.id, wait)
    try {
      return await this.#waitFor(request, signal)
    } catch (error) {
      await this.#leave(request)
      throw error
    } finally {
      this.#waits.delete(request.id)
    }
  }

  async inspect(resource: string): Promise<LockInfo | null> {
    const info = (await this.#connection.call('locks.inspect', { resource })) as WireLockInfo | null
    return info === null ? null : decodeLockInfo(info)
  }

  async list(): Promise<LockInfo[]> {
    const infos = (await this.#connection.call('locks.list', {})) as WireLockInfo[]
    return infos.map(decodeLockInfo)
  }

  async forceRelease(resource: string, id: string): Promise<boolean> {
    return (await this.#connection.call('locks.forceRelease', { resource, id })) === true
  }

  async clean(): Promise<LockInfo[]> {
    const infos = (await this.#connection.call('locks.clean', {})) as WireLockInfo[]
    return infos.map(decodeLockInfo)
  }

  onLost(): void {
    // A later connection cannot renew them. The hub keeps each until its lease ends, so their owners have time to stop.
    for (const grant of [...this.#grants.values()]) grant.lose()
  }

  onNotification = (method: string, params: Readonly<Record<string, unknown>>): void => {
    const id = String(params['id'])
    if (method === 'locks.lost') this.#grants.get(id)?.lose()
    else if (method === 'locks.waiting')
      this.#waits.get(id)?.onWait?.(decodeLockInfo(params['info'] as WireLockInfo))
  }

  /** Ends the waits and gives the grants back, as far as that is possible in time. */
  async close(): Promise<void> {
    this.#closing.abort(new CliOpsError('CLOSED', 'the driver was closed'))
    await Promise.all([...this.#grants.values()].map((grant) => grant.release()))
  }

  async #waitFor(request: LockRequest, signal: AbortSignal): Promise<LeasedGrant> {
    const { leaseMs, timeoutMs } = this.#connection.options
    let lostSince: number | undefined
    for (;;) {
      signal.throwIfAborted()
      try {
        const sentAt = currentInstant()
        const wasLive = this.#connection.live !== undefined
        const grant = await this.#ask(request, true, { signal, timeoutMs: Infinity })
        lostSince = undefined
        if (grant === null) continue
        const held = await this.#hold(request, grant, sentAt, wasLive)
        if (held.isHeld()) return held
      } catch (error) {
        signal.throwIfAborted()
        if (!isCliOpsError(error, 'ENGINE_UNAVAILABLE')) throw error
        // It may be back soon; a wait that was begun is worth some patience, at the end of the queue.
        lostSince ??= monotonicMs()
        if (monotonicMs() - lostSince > leaseMs + timeoutMs) throw error
        await pause(RETRY_MS, signal)
      }
    }
  }

  async #ask(
    { resource, mode, id, held }: LockRequest,
    wait: boolean,
    options: { readonly signal?: AbortSignal; readonly timeoutMs?: number },
  ): Promise<WireGrant | null> {
    const owner = encodeOwner(ownOwner())
    const params = { resource, mode, id, held, owner, wait }
    return (await this.#connection.call('locks.acquire', params, options)) as WireGrant | null
  }

  /** Makes the grant. What was waited for, or took long, is renewed before anybody may rely on it. */
  async #hold(
    { resource, id }: LockRequest,
    { token, grantedAt, leaseMs }: WireGrant,
    sentAt: Instant,
    isCounted = true,
  ): Promise<LeasedGrant> {
    const spent = currentInstant().monotonic - sentAt.monotonic
    const givenMs = isCounted && spent < leaseMs / 3 ? leaseMs : 0
    const grant = new LeasedGrant(
      { id, token: BigInt(token), grantedAt: new Date(grantedAt), givenMs, sentAt },
      {
        leaseMs: this.#leaseMs,
        renew: () => this.#renew(resource, id),
        // Also a lost one: the hub keeps it for its owner until the lease ends, and the owner needs it no more.
        release: () => this.#release(resource, id),
        forget: () => this.#grants.delete(id),
      },
    )
    this.#grants.set(id, grant)
    if (givenMs === 0) {
      try {
        await grant.begin()
      } catch (error) {
        grant.lose()
        throw error
      }
    }
    return grant
  }

  async #renew(resource: string, id: string): Promise<number> {
    // A connection of its own would be another one, that has nothing to renew.
    if (this.#connection.live === undefined) return 0
    return Number(await this.#connection.call('locks.renew', { resource, id }))
  }

  async #release(resource: string, id: string): Promise<void> {
    try {
      await this.#connection.call('locks.release', { resource, id })
    } catch (error) {
      if (!isCliOpsError(error)) throw error
      debug(() => `${resource} is given back by the end of its lease: ${error.message}`)
    }
  }

  /** Gives up a place in the queue, or what was granted to nobody. Never rejects. */
  async #leave({ resource, id }: LockRequest): Promise<void> {
    const session = this.#connection.live
    if (session === undefined) return
    const left = session.call('locks.release', { resource, id }).catch(() => undefined)
    await Promise.race([left, pause(LEAVE_MS)])
  }
}

function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal?.addEventListener('abort', done, { once: true })
  })
}
