import {
  deadlockError,
  encodeLockInfo,
  findCycle,
  type Inbox,
  type LeasedLockEngine,
  type LockInfo,
  type LockRequest,
  type Standing,
} from '@cli-ops/shared-ipc/driver'

import type { PostgresConnection } from '../connection/postgres-connection.js'
import type { Space } from '../space.js'
import { type LockDescription, toLockInfo } from './lock-description.js'
import { type GraphRow, WAIT_GRAPH, waitGraph } from './wait-graph.js'

/** Where locks are stored and how to reach them. */
export interface LockContext {
  readonly connection: PostgresConnection
  readonly inbox: Inbox
  readonly space: Space
  readonly driverId: string
  readonly leaseMs: number
  readonly timeoutMs: number
}

/** The answers of `cli_ops.ask` and `cli_ops.poll`. */
type Reply =
  | { readonly state: 'granted'; readonly token: string }
  | { readonly state: 'busy' | 'gone' }
  | {
      readonly state: 'waiting'
      readonly ahead: number
      readonly endsInMs: number
      readonly info: LockDescription
    }

/** Locks as rows with leases and a queue. `lock-functions.ts` describes the tables. */
export class PostgresLocks implements LeasedLockEngine {
  readonly #context: LockContext
  readonly #kind: string

  /** @param kind the users' locks, or the groups' */
  constructor(context: LockContext, kind: 'lock' | 'group') {
    this.#context = context
    this.#kind = kind
  }

  get leaseMs(): number {
    return this.#context.leaseMs
  }

  get timeoutMs(): number {
    return this.#context.timeoutMs
  }

  async ask(request: LockRequest, how: 'try' | 'wait', signal?: AbortSignal): Promise<Standing> {
    const { resource, held } = request
    const standing = await this.#standing(
      'select cli_ops.ask($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)',
      [...this.#claim(request), held, how === 'wait'],
      signal,
    )
    if (standing.state !== 'waiting' || held.length === 0) return standing
    const cycle = await this.#cycle(request, signal)
    if (cycle === undefined) return standing
    await this.release(request)
    throw deadlockError(resource, cycle, standing.info)
  }

  async poll(request: LockRequest): Promise<Standing> {
    return this.#standing('select cli_ops.poll($1, $2, $3, $4, $5)', [
      ...this.#place(request),
      this.leaseMs,
    ])
  }

  async extend(request: LockRequest, token: bigint): Promise<boolean> {
    const isHeld = await this.#context.connection.value(
      'select cli_ops.extend($1, $2, $3, $4, $5, $6, $7, $8, $9)',
      [...this.#claim(request), String(token)],
    )
    return isHeld === true
  }

  async release(request: LockRequest): Promise<void> {
    await this.#context.connection.query(
      'select cli_ops.release($1, $2, $3, $4)',
      this.#place(request),
    )
  }

  async ready(signal?: AbortSignal): Promise<void> {
    await this.#context.inbox.ready(signal)
  }

  async inspect(resource: string): Promise<LockInfo | null> {
    const { connection, space } = this.#context
    const described = await connection.value('select cli_ops.describe($1, $2, $3, null, null)', [
      space.key,
      this.#kind,
      resource,
    ])
    return toLockInfo(described as LockDescription)
  }

  async closedForMs(): Promise<number> {
    const delayed = 'select cli_ops.delayed_ms($1)'
    return Number(await this.#context.connection.value(delayed, [this.leaseMs]))
  }

  list(): Promise<LockInfo[]> {
    return this.#listed('list', 'running')
  }

  async forceRelease(resource: string, id: string): Promise<boolean> {
    const taken = await this.#context.connection.value(
      'select cli_ops.force_release($1, $2, $3, $4)',
      this.#place({ resource, id }),
    )
    return taken === true
  }

  clean(): Promise<LockInfo[]> {
    return this.#listed('clean', 'dead')
  }

  async #listed(name: 'list' | 'clean', state: 'running' | 'dead'): Promise<LockInfo[]> {
    const { connection, space } = this.#context
    const rows = await connection.query<{ described: LockDescription }>(
      `select cli_ops.${name}($1, $2) as described`,
      [space.key, this.#kind],
    )
    return rows.flatMap(({ described }) => toLockInfo(described, state) ?? [])
  }

  async #standing(
    sql: string,
    values: Parameters<PostgresConnection['query']>[1],
    signal?: AbortSignal,
  ): Promise<Standing> {
    const reply = (await this.#context.connection.value(sql, values, signal)) as Reply
    if (reply.state === 'granted') return { state: 'granted', token: BigInt(reply.token) }
    if (reply.state !== 'waiting') return reply
    const { ahead, endsInMs, info } = reply
    return { state: 'waiting', ahead, holderEndsInMs: endsInMs, info: toLockInfo(info) }
  }

  /**
   * Returns the resources of the cycle that this wait has closed. Flows enter queues one after the other, so the last
   * flow of a cycle sees it whole and gives way; the others continue.
   */
  async #cycle(request: LockRequest, signal?: AbortSignal): Promise<string[] | undefined> {
    const { connection, space } = this.#context
    const rows = await connection.query<GraphRow>(
      WAIT_GRAPH,
      [space.key, this.#kind, request.resource],
      signal,
    )
    const { start, graph } = waitGraph(rows, request)
    const links = start === undefined ? undefined : findCycle(start, graph)
    if (start === undefined || links === undefined) return undefined
    const isLast = links.every(({ waiter }) => BigInt(waiter.ticket) <= BigInt(start.ticket))
    return isLast ? links.map(({ waiter }) => waiter.resource) : undefined
  }

  #place({ resource, id }: Pick<LockRequest, 'resource' | 'id'>) {
    return [this.#context.space.key, this.#kind, resource, id] as const
  }

  #claim(request: LockRequest) {
    const { driverId } = this.#context
    const info = encodeLockInfo(driverId, request)
    return [
      ...this.#place(request),
      request.mode === 'shared' ? 's' : 'x',
      this.leaseMs,
      driverId,
      info,
    ] as const
  }
}
