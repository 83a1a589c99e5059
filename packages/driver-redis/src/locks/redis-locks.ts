import {
  type CleanOptions,
  CliOpsError,
  debug,
  describeOwner,
  isCliOpsError,
  LeasedGrant,
  type LockDriver,
  type LockGrant,
  type LockInfo,
  type LockRequest,
  type LockWait,
  ownOwner,
  currentInstant,
  type Instant,
} from '@cli-ops/shared-ipc/driver'

import type { Inbox } from '../connection/inbox.js'
import type { RedisConnection } from '../connection/redis-connection.js'
import type { Script } from '../connection/script.js'
import {
  ACQUIRE,
  CLEAN,
  EXTEND,
  FORCE_RELEASE,
  INSPECT,
  LIST,
  POLL,
  RELEASE,
} from './lock-scripts.js'
import { decodeState, encodeInfo, memberOf } from './lock-state.js'
import { RedisWait, type Standing, type WaitPlace } from './redis-wait.js'

/** Where locks are kept and how they are reached. */
export interface LockPlace {
  readonly connection: RedisConnection
  readonly inbox: Inbox
  /** Prefix of the keys. */
  readonly base: string
  readonly leaseMs: number
  readonly timeoutMs: number
}

/** Locks as leases, with a queue in Redis. See `lock-scripts.ts` for what is kept there. */
export class RedisLocks implements LockDriver, WaitPlace {
  readonly #place: LockPlace
  readonly #grants = new Map<string, LeasedGrant>()
  readonly #waits = new Map<string, RedisWait>()

  constructor(place: LockPlace) {
    this.#place = place
  }

  get leaseMs(): number {
    return this.#place.leaseMs
  }

  get timeoutMs(): number {
    return this.#place.timeoutMs
  }

  async tryAcquire(request: LockRequest): Promise<LockGrant | null> {
    const sentAt = currentInstant()
    const standing = await this.ask(request, 'try').catch((error: unknown) => {
      // It may have been granted all the same, to nobody.
      void this.leave(request)
      throw error
    })
    return standing.state === 'granted' ? this.hold(request, standing.token, sentAt) : null
  }

  async acquire(request: LockRequest, wait: LockWait): Promise<LockGrant> {
    wait.signal.throwIfAborted()
    const waiting = new RedisWait(this, request, wait)
    this.#waits.set(request.id, waiting)
    try {
      return await waiting.granted()
    } finally {
      this.#waits.delete(request.id)
    }
  }

  async inspect(resource: string): Promise<LockInfo | null> {
    const state = (await this.#run(INSPECT, [resource])) as string | null
    return state === null ? null : decodeState(state)
  }

  async list(): Promise<LockInfo[]> {
    const states = (await this.#run(LIST, [])) as string[]
    return states.flatMap((state) => decodeState(state) ?? [])
  }

  async forceRelease(resource: string, id: string): Promise<boolean> {
    return (await this.#run(FORCE_RELEASE, [resource, id])) === 1
  }

  async clean(_options?: CleanOptions): Promise<LockInfo[]> {
    const freed = (await this.#run(CLEAN, [])) as string[]
    return freed.flatMap((state) => decodeState(state, 'dead') ?? [])
  }

  /** Messages of the scripts: `<id> <token>` of a waiter that was let in. */
  onGranted(message: string): void {
    const [id = '', token = ''] = message.split(' ')
    this.#waits.get(id)?.onGranted(BigInt(token))
  }

  /** A lock was taken by force from the grant with this id. */
  onLost(id: string): void {
    this.#grants.get(id)?.lose()
  }

  /** Messages may have been lost. */
  onReady(): void {
    for (const wait of this.#waits.values()) wait.look()
  }

  /** Resolves when the messages of the scripts arrive. */
  async listen(signal: AbortSignal): Promise<void> {
    await this.#place.inbox.ready(signal)
  }

  /** Asks for a lock. */
  async ask(request: LockRequest, how: 'try' | 'wait', signal?: AbortSignal): Promise<Standing> {
    const { resource, held } = request
    const info = encodeInfo(request.owner ?? ownOwner(), this.#place.inbox.channel, held)
    const args = [resource, memberOf(request), this.leaseMs, info, how, JSON.stringify(held)]
    const reply = (await this.#run(ACQUIRE, args, signal)) as [string, ...(string | number)[]]
    if (reply[0] === 'deadlock') throw deadlockError(resource, String(reply[1]), reply[2])
    return toStanding(reply)
  }

  /** Looks how a waiter stands, and renews its place. */
  async poll(request: LockRequest): Promise<Standing> {
    const args = [request.resource, memberOf(request), this.leaseMs]
    return toStanding((await this.#run(POLL, args)) as [string, ...(string | number)[]])
  }

  hold(
    request: LockRequest,
    token: bigint,
    sentAt: Instant,
    givenMs: number = this.leaseMs,
  ): LeasedGrant {
    const { id } = request
    const { leaseMs } = this
    const grant = new LeasedGrant(
      { id, token, grantedAt: new Date(), givenMs, sentAt },
      {
        leaseMs,
        renew: async () => ((await this.#extend(request)) ? leaseMs : 0),
        release: async (wasLost) => {
          if (!wasLost) await this.leave(request)
        },
        watch: () => {
          // From now on the engine's word is listened to, besides the renewals.
          this.#place.inbox.ready().catch(() => undefined)
        },
        forget: () => this.#grants.delete(id),
      },
    )
    this.#grants.set(id, grant)
    return grant
  }

  /** Gives a place or a grant back. An engine that cannot be reached lets it expire. */
  async leave(request: LockRequest): Promise<void> {
    const { resource } = request
    try {
      await this.#run(RELEASE, [resource, memberOf(request)])
    } catch (error) {
      if (!isCliOpsError(error)) throw error
      debug(() => `${resource} is given back by the end of its lease: ${error.message}`)
    }
  }

  /** Ends the waits and gives the grants back, as far as that is possible in time. */
  async close(): Promise<void> {
    const reason = new CliOpsError('CLOSED', 'the driver was closed')
    for (const wait of this.#waits.values()) wait.end(reason)
    const grants = [...this.#grants.values()]
    await Promise.all(grants.map((grant) => grant.release()))
  }

  async #extend(request: LockRequest): Promise<boolean> {
    return (await this.#run(EXTEND, [request.resource, memberOf(request), this.leaseMs])) === 1
  }

  #run(script: Script, args: readonly (string | number)[], signal?: AbortSignal): Promise<unknown> {
    const { connection, base } = this.#place
    return script.run(connection, { keys: [base], args }, signal)
  }
}

function toStanding([state, ...facts]: [string, ...(string | number)[]]): Standing {
  if (state === 'granted') return { state, token: BigInt(facts[0] ?? 0) }
  if (state !== 'waiting') return { state: state === 'busy' ? 'busy' : 'gone' }
  const [ahead, holderEndsInMs, description] = facts
  const info = typeof description === 'string' ? decodeState(description) : null
  return { state, ahead: Number(ahead), holderEndsInMs: Number(holderEndsInMs), info }
}

function deadlockError(resource: string, cycleJson: string, description: unknown): CliOpsError {
  const cycle = JSON.parse(cycleJson) as string[]
  const names = cycle.map((name) => JSON.stringify(name)).join(', ')
  const info = typeof description === 'string' ? decodeState(description) : null
  const owner = info === null ? 'others' : describeOwner(info.owner)
  return new CliOpsError(
    'LOCK_DEADLOCK',
    `waiting for ${JSON.stringify(resource)} would never end: ${names} ${cycle.length === 1 ? 'is' : 'are'} held in a cycle by ${owner}`,
    { details: { resource, cycle } },
  )
}
