import {
  isCliOpsError,
  type LockGrant,
  type LockMode,
  type LockRequest,
  type Owner,
  WaitAbandoned,
} from '@cli-ops/shared-ipc/driver'

import type { WireGrant } from '../protocol/protocol.js'
import { encodeBriefly, encodeLockInfo } from '../protocol/wire-lock.js'
import { ClientGrant } from './client-grant.js'
import type { HubNamespace } from './hub-namespace.js'
import type { Client, ClientPart, Operations } from './operation.js'
import {
  arrayIn,
  claimIn,
  integerIn,
  lockIdIn,
  lockNameIn,
  objectIn,
  type Params,
} from './params.js'
import { grantProof, isGrantProof } from './session-secret.js'

const MAX_HELD = 256
const MAX_PID = 2 ** 32
const MAX_ARRIVALS = 1_024
const TOKEN = /^[0-9]{1,40}$/u

/** An acquisition in progress. */
export interface ClientWait {
  readonly client: Client
  readonly request: ArrivedRequest
  /** Whether it waits for a grant; otherwise the answer comes immediately. */
  readonly waits: boolean
  readonly controller: AbortController
  readonly granted: Promise<WireGrant | null>
}

/** A request and its time of arrival. */
type ArrivedRequest = LockRequest & { readonly arrival: bigint }

/** A session's locks. */
export class ClientLocks implements ClientPart {
  readonly operations: Operations
  readonly #namespace: HubNamespace
  readonly #client: Client
  /** The arrival times of requests that lost their queue position because the client was away. */
  readonly #arrivals = new Map<string, bigint>()
  /** Granted while the client was disconnected. */
  readonly #uncollected = new Set<string>()
  #ended = false
  #isHandedOver = false

  constructor(namespace: HubNamespace, client: Client) {
    this.#namespace = namespace
    this.#client = client
    this.operations = [
      [
        'locks.acquire',
        {
          scope: 'lock',
          waits: ({ wait }) => wait === true,
          run: (params, { signal }) => this.#acquire(params, signal),
        },
      ],
      ['locks.renew', { scope: 'lock', run: (params) => this.#renew(params) }],
      [
        'locks.release',
        {
          scope: 'lock',
          run: (params) => this.#release(lockNameIn(params, 'resource'), lockIdIn(params)),
        },
      ],
      [
        'locks.forceRelease',
        {
          scope: 'lock',
          run: async (params) =>
            (await namespace.locks()).forceRelease(
              lockNameIn(params, 'resource'),
              textIn(params, 'id'),
            ),
        },
      ],
      [
        'locks.inspect',
        {
          scope: 'read',
          run: async (params) => {
            const info = await (await namespace.locks()).inspect(lockNameIn(params, 'resource'))
            return info === null ? null : encodeLockInfo(namespace.withWaiters(info))
          },
        },
      ],
      [
        'locks.closedForMs',
        {
          scope: 'read',
          run: async (params) =>
            (await (await namespace.locks()).closedForMs?.(lockNameIn(params, 'resource'))) ?? 0,
        },
      ],
      [
        'locks.list',
        {
          scope: 'read',
          run: async (params) => {
            const infos = await (await namespace.locks()).list({ prefix: prefixIn(params) })
            return infos.map((info) => encodeLockInfo(namespace.withWaiters(info)))
          },
        },
      ],
      [
        'locks.clean',
        {
          scope: 'lock',
          run: async () => (await (await namespace.locks()).clean()).map(encodeLockInfo),
        },
      ],
    ]
  }

  /** Other waiters do not queue behind a client that has most likely ended. If it returns, it gets its queue position back. */
  leave(): void {
    for (const { controller, request } of this.#ownWaits()) {
      if (this.#arrivals.size < MAX_ARRIVALS) this.#arrivals.set(request.id, request.arrival)
      controller.abort(goneError())
    }
    for (const id of this.#uncollected) {
      const held = this.#namespace.grants.get(id)
      // If the store is unreachable, the lock ends with its lease.
      if (held?.client === this.#client) held.release().catch(() => undefined)
    }
    this.#uncollected.clear()
  }

  /** Queue positions and locks stay in the store, for the rest of their leases. */
  handOver(): void {
    this.#isHandedOver = true
    this.#ended = true
    for (const { controller } of this.#ownWaits()) controller.abort(new WaitAbandoned())
    for (const grant of this.#ownGrants()) grant.abandon()
  }

  end(): void {
    this.#ended = true
    for (const { controller } of this.#ownWaits()) controller.abort(goneError())
    for (const grant of this.#ownGrants()) grant.orphan()
  }

  async #acquire(params: Params, signal: AbortSignal): Promise<WireGrant | null> {
    const request = toRequest(params, this.#client.keyName)
    const { id, resource } = request
    // Requested again over the next connection: the answer was lost, or has yet to come.
    const known = this.#namespace.waits.get(id)
    if (known?.client === this.#client && !known.controller.signal.aborted)
      return this.#follow(known, signal)
    const held = this.#namespace.grants.get(id)
    this.#uncollected.delete(id)
    if (held?.client === this.#client && held.resource === resource)
      return this.#toWire(held, request.mode)
    await this.#giveUp(id)
    return this.#begin(request, params['wait'] === true, signal)
  }

  #begin(given: LockRequest, wait: boolean, signal: AbortSignal): Promise<WireGrant | null> {
    const { id } = given
    const { waits } = this.#namespace
    const inherited = this.#namespace.inherited(id, this.#client.id)
    const arrival =
      this.#arrivals.get(id) ??
      (inherited === undefined ? process.hrtime.bigint() : BigInt(inherited.arrival))
    this.#arrivals.delete(id)
    const request = { ...given, arrival }
    const controller = new AbortController()
    const granted = this.#take(request, wait, controller.signal, inherited !== undefined)
    const waiting = { client: this.#client, request, waits: wait, controller, granted }
    waits.set(id, waiting)
    granted
      .catch(() => undefined)
      .finally(() => {
        if (waits.get(id) === waiting) waits.delete(id)
      })
    return this.#follow(waiting, signal)
  }

  /** Waits for an acquisition in progress. The client can give it up; a disconnection does not. */
  async #follow(
    { granted, controller }: ClientWait,
    signal: AbortSignal,
  ): Promise<WireGrant | null> {
    const abort = (): void => {
      if (!isCliOpsError(signal.reason, 'CONNECTION_LOST')) controller.abort(signal.reason)
    }
    signal.addEventListener('abort', abort, { once: true })
    try {
      if (signal.aborted) abort()
      return await granted
    } finally {
      signal.removeEventListener('abort', abort)
    }
  }

  /**
   * Releases what has the id of a new request: an ended session of the same client left it. A client that requests a
   * lock does not hold it.
   */
  async #giveUp(id: string): Promise<void> {
    const { grants, waits } = this.#namespace
    const user = waits.get(id)?.client ?? grants.get(id)?.client
    if (user !== undefined && user.keyName !== this.#client.keyName)
      throw new TypeError('id must not be in use')
    waits.get(id)?.controller.abort(goneError())
    await waits.get(id)?.granted.catch(() => undefined)
    await grants.get(id)?.release()
  }

  async #take(
    request: ArrivedRequest,
    wait: boolean,
    signal: AbortSignal,
    isInherited: boolean,
  ): Promise<WireGrant | null> {
    const { id } = request
    const locks = await this.#namespace.leases()
    signal.throwIfAborted()
    if (isInherited) {
      const held = await this.#resumeInherited(request)
      if (held !== undefined) return held
    }
    this.#namespace.note(request, this.#client.id)
    let grant: LockGrant | null = null
    try {
      grant = wait
        ? await this.#namespace.acquire(request, {
            signal,
            onWait: (info) => {
              this.#client.notify('locks.waiting', { id, info: encodeBriefly(info) })
            },
          })
        : await locks.tryAcquire(request)
    } finally {
      if (grant === null) this.#forget(id)
    }
    if (grant === null) return null
    // The client requests it from the next hub, which may have taken it over already.
    if (this.#isHandedOver) grant.abandon?.()
    else if (this.#ended || signal.aborted) await grant.release()
    if (this.#ended || signal.aborted) {
      this.#forget(id)
      throw goneError()
    }
    this.#namespace.metrics.locksGranted.add()
    if (!this.#client.isOpen) this.#uncollected.add(id)
    return this.#toWire(this.#hold(request.resource, grant), request.mode)
  }

  #hold(resource: string, grant: LockGrant): ClientGrant {
    const { grants } = this.#namespace
    const { id } = grant
    const held = new ClientGrant(resource, grant, this.#client, (how) => {
      grants.delete(id)
      if (how !== 'abandoned') this.#namespace.forget(id)
      if (how === 'expired' || how === 'lost') this.#namespace.metrics.leasesLost.add(how)
    })
    grants.set(id, held)
    return held
  }

  #toWire(held: ClientGrant, mode: LockMode): WireGrant {
    const { resource, grant } = held
    const facts = { resource, mode, id: grant.id, token: String(grant.token) }
    const { id, scope } = this.#client
    return {
      token: facts.token,
      grantedAt: grant.grantedAt.getTime(),
      leaseMs: held.renew(),
      proof: grantProof(id, facts, scope),
    }
  }

  #renew(params: Params): number | Promise<number> {
    const held = this.#namespace.grants.get(lockIdIn(params))
    if (held !== undefined) return held.client === this.#client ? held.renew() : 0
    return this.#resume(params)
  }

  /** Takes over a lock that another hub, or this one before a restart, has granted to this session. */
  async #resume(params: Params): Promise<number> {
    const { token, proof } = params
    if (typeof token !== 'string' || !TOKEN.test(token)) return 0
    const id = lockIdIn(params)
    const mode = modeIn(params)
    const resource = lockNameIn(params, 'resource')
    const { id: session, scope } = this.#client
    if (!isGrantProof(proof, session, { resource, mode, id, token }, scope)) return 0
    return (await this.#resumeGrant({ resource, mode, id, held: [] }, BigInt(token)))?.renew() ?? 0
  }

  async #resumeGrant(request: LockRequest, token: bigint): Promise<ClientGrant | undefined> {
    const { grants } = this.#namespace
    const grant = await (await this.#namespace.leases()).resume?.(request, token)
    // It was requested twice.
    const known = grants.get(request.id)
    if (known !== undefined) return known.client === this.#client ? known : undefined
    if (grant === null || grant === undefined) return undefined
    if (this.#ended) {
      if (this.#isHandedOver) grant.abandon?.()
      else await grant.release()
      return undefined
    }
    this.#namespace.note({ ...request, arrival: process.hrtime.bigint() }, this.#client.id)
    return this.#hold(request.resource, grant)
  }

  /** The previous hub may have granted it without being able to answer. */
  async #resumeInherited(request: LockRequest): Promise<WireGrant | undefined> {
    const info = await (await this.#namespace.locks()).inspect(request.resource)
    const holder = info?.holders.find(({ id }) => id === request.id)
    const held = holder && (await this.#resumeGrant(request, holder.token))
    return held && this.#toWire(held, request.mode)
  }

  /** Releases a lock or a queue position. */
  async #release(resource: string, id: string): Promise<boolean> {
    this.#arrivals.delete(id)
    const waiting = this.#namespace.waits.get(id)
    if (waiting?.client === this.#client) {
      waiting.controller.abort(goneError())
      await waiting.granted.catch(() => undefined)
    }
    const held = this.#namespace.grants.get(id)
    if (held?.resource === resource) {
      await held.release()
      return true
    }
    // Held through a hub that has gone: its owner releases it before the end of its lease.
    const wasHeld = await (await this.#namespace.locks()).forceRelease(resource, id)
    if (wasHeld) this.#namespace.forget(id)
    return wasHeld
  }

  /** The lock is no longer requested. What is handed over stays known to the next hub. */
  #forget(id: string): void {
    if (!this.#isHandedOver) this.#namespace.forget(id)
  }

  #ownGrants(): ClientGrant[] {
    return [...this.#namespace.grants.values()].filter(({ client }) => client === this.#client)
  }

  #ownWaits(): ClientWait[] {
    return [...this.#namespace.waits.values()].filter(({ client }) => client === this.#client)
  }
}

function modeIn({ mode = 'exclusive' }: Params): LockMode {
  if (mode === 'exclusive' || mode === 'shared') return mode
  throw new TypeError('mode must be "exclusive" or "shared"')
}

function toRequest(params: Params, via: string): LockRequest {
  const mode = modeIn(params)
  const held = arrayIn(params, 'held', MAX_HELD).map((id) => lockIdIn({ id }))
  const label = claimIn(params, 'label')
  return {
    resource: lockNameIn(params, 'resource'),
    mode,
    id: lockIdIn(params),
    held,
    ...(label !== '' && { label }),
    owner: toOwner(objectIn(params, 'owner'), via),
  }
}

/** What the client claims about itself, and what is proven: its access key. */
function toOwner(claims: Params, via: string): Owner {
  const command = claimIn(claims, 'command')
  return {
    name: claimIn(claims, 'name') || 'unknown program',
    pid: integerIn(claims, 'pid', 0, MAX_PID),
    host: claimIn(claims, 'host') || 'unknown host',
    user: claimIn(claims, 'user') || 'unknown user',
    ...(command !== '' && { command }),
    startedAt: new Date(integerIn(claims, 'startedAt', 0, 8.64e15)),
    state: 'running',
    via,
  }
}

/** Returns the prefix of the locks to list, or undefined for all of them. */
function prefixIn(params: Params): string | undefined {
  return params['prefix'] === undefined ? undefined : textIn(params, 'prefix')
}

/** Returns any text, for comparison only. */
function textIn(params: Params, key: string): string {
  const value = params[key]
  if (typeof value === 'string' && value.length <= 1024) return value
  throw new TypeError(`${key} must be a string`)
}

function goneError(): Error {
  return new Error('the caller no longer waits for it')
}
