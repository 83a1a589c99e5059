import {
  CliOpsError,
  deadlockError,
  decodeLockState,
  encodeLockInfo,
  type Inbox,
  type LeasedLockEngine,
  type ListOptions,
  type LockInfo,
  type LockRequest,
  type Standing,
} from '@cli-ops/shared-ipc/driver'

import type { RedisConnection } from '../connection/redis-connection.js'
import type { Script } from '../connection/script.js'
import {
  ACQUIRE,
  CLEAN,
  CLOSED,
  EXTEND,
  FORCE_RELEASE,
  INSPECT,
  LIST,
  POLL,
  RELEASE,
} from './lock-scripts.js'

/** Where locks are stored and how to reach them. */
export interface LockContext {
  readonly connection: RedisConnection
  readonly inbox: Inbox
  /** Prefix of the keys. */
  readonly base: string
  readonly leaseMs: number
  readonly timeoutMs: number
}

/** Locks as leases, with a queue in Redis. `lock-scripts.ts` describes the keys. */
export class RedisLocks implements LeasedLockEngine {
  readonly #context: LockContext
  /** The highest token seen here: a server that has lost its own begins above it. */
  #seenToken = 0n

  constructor(context: LockContext) {
    this.#context = context
  }

  get leaseMs(): number {
    return this.#context.leaseMs
  }

  get timeoutMs(): number {
    return this.#context.timeoutMs
  }

  async ask(request: LockRequest, how: 'try' | 'wait', signal?: AbortSignal): Promise<Standing> {
    const { resource, held } = request
    const args = [resource, memberOf(request), this.#infoOf(request), how, JSON.stringify(held)]
    const reply = (await this.#run(ACQUIRE, args, signal)) as [string, ...(string | number)[]]
    if (reply[0] === 'closed') throw closedSpaceError(resource, Number(reply[1]))
    if (reply[0] !== 'deadlock') return this.#toStanding(reply)
    const cycle = JSON.parse(String(reply[1])) as string[]
    throw deadlockError(resource, cycle, describedIn(reply[2]))
  }

  async poll(request: LockRequest): Promise<Standing> {
    const args = [request.resource, memberOf(request)]
    return this.#toStanding((await this.#run(POLL, args)) as [string, ...(string | number)[]])
  }

  async extend(request: LockRequest, token: bigint): Promise<boolean> {
    // The whole request, since the server may have lost the grant.
    const args = [request.resource, memberOf(request), String(token), this.#infoOf(request)]
    return (await this.#run(EXTEND, args)) === 1
  }

  async release(request: LockRequest): Promise<void> {
    await this.#run(RELEASE, [request.resource, memberOf(request)])
  }

  async ready(signal?: AbortSignal): Promise<void> {
    await this.#context.inbox.ready(signal)
  }

  async inspect(resource: string): Promise<LockInfo | null> {
    return describedIn(await this.#run(INSPECT, [resource]))
  }

  async closedForMs(resource: string): Promise<number> {
    return Number(await this.#run(CLOSED, [resource]))
  }

  async list({ prefix = '' }: ListOptions = {}): Promise<LockInfo[]> {
    const states = (await this.#run(LIST, [prefix])) as string[]
    return states.flatMap((state) => decodeLockState(state) ?? [])
  }

  async forceRelease(resource: string, id: string): Promise<boolean> {
    return (await this.#run(FORCE_RELEASE, [resource, id])) === 1
  }

  async clean(): Promise<LockInfo[]> {
    const freed = (await this.#run(CLEAN, [])) as string[]
    return freed.flatMap((state) => decodeLockState(state, 'dead') ?? [])
  }

  #run(script: Script, args: readonly (string | number)[], signal?: AbortSignal): Promise<unknown> {
    const { connection, base } = this.#context
    const common = [Date.now(), String(this.#seenToken), this.leaseMs]
    return script.run(connection, { keys: [base], args: [...common, ...args] }, signal)
  }

  #infoOf(request: LockRequest): string {
    return encodeLockInfo(this.#context.inbox.channel, request)
  }

  #toStanding(reply: [string, ...(string | number)[]]): Standing {
    const standing = toStanding(reply)
    if (standing.state === 'granted' && standing.token > this.#seenToken)
      this.#seenToken = standing.token
    return standing
  }
}

/** Returns a request's member name in a resource's sets: its mode and its id. */
function memberOf({ mode, id }: Pick<LockRequest, 'mode' | 'id'>): string {
  return `${mode === 'shared' ? 's' : 'x'}:${id}`
}

function toStanding([state, ...facts]: [string, ...(string | number)[]]): Standing {
  if (state === 'granted') return { state, token: BigInt(facts[0] ?? 0) }
  if (state !== 'waiting') return { state: state === 'busy' ? 'busy' : 'gone' }
  const [ahead, holderEndsInMs, closedForMs, description] = facts
  return {
    state,
    ahead: Number(ahead),
    holderEndsInMs: Number(holderEndsInMs),
    info: describedIn(description),
    closedForMs: Number(closedForMs) || undefined,
  }
}

function describedIn(reply: unknown): LockInfo | null {
  return typeof reply === 'string' ? decodeLockState(reply) : null
}

/** The error for a lock that is free as far as the server knows, which may know less than it did. */
function closedSpaceError(resource: string, forMs: number): CliOpsError {
  return new CliOpsError(
    'ENGINE_UNAVAILABLE',
    `${JSON.stringify(resource)} cannot be granted for another ${Math.ceil(forMs / 100) / 10} s: the Redis server is new, or was restarted, promoted or emptied, and an owner it does not know may still be at work`,
    { details: { resource, retryAfterMs: forMs } },
  )
}
