import type { LockGrant, LockMode, LockRequest, Owner } from '@cli-ops/shared-ipc/driver'

import type { WireGrant } from '../protocol/protocol.js'
import { encodeLockInfo } from '../protocol/wire-lock.js'
import { ClientGrant } from './client-grant.js'
import type { HubPlace } from './hub-place.js'
import type { Client, ClientPart, Operations } from './operation.js'
import { arrayIn, claimIn, integerIn, lockIdIn, nameIn, objectIn, type Params } from './params.js'

const MAX_HELD = 256
const MAX_PID = 2 ** 32

/** An acquisition that waits. */
export interface ClientWait {
  readonly client: Client
  readonly controller: AbortController
  readonly settled: Promise<unknown>
}

/** Locks of one client. */
export class ClientLocks implements ClientPart {
  readonly operations: Operations
  readonly #place: HubPlace
  readonly #client: Client
  #ended = false

  constructor(place: HubPlace, client: Client) {
    this.#place = place
    this.#client = client
    this.operations = [
      ['locks.acquire', { scope: 'lock', run: (params, signal) => this.#acquire(params, signal) }],
      ['locks.renew', { scope: 'lock', run: (params) => this.#renew(lockIdIn(params)) }],
      [
        'locks.release',
        {
          scope: 'lock',
          run: (params) => this.#release(nameIn(params, 'resource'), lockIdIn(params)),
        },
      ],
      [
        'locks.forceRelease',
        {
          scope: 'lock',
          run: async (params) =>
            (await place.locks()).forceRelease(nameIn(params, 'resource'), textIn(params, 'id')),
        },
      ],
      [
        'locks.inspect',
        {
          scope: 'read',
          run: async (params) => {
            const info = await (await place.locks()).inspect(nameIn(params, 'resource'))
            return info === null ? null : encodeLockInfo(info)
          },
        },
      ],
      [
        'locks.list',
        {
          scope: 'read',
          run: async () => (await (await place.locks()).list()).map(encodeLockInfo),
        },
      ],
      [
        'locks.clean',
        {
          scope: 'lock',
          run: async () => (await (await place.locks()).clean()).map(encodeLockInfo),
        },
      ],
    ]
  }

  end(): void {
    this.#ended = true
    for (const { client, controller } of this.#place.waits.values())
      if (client === this.#client) controller.abort(goneError())
    for (const grant of this.#place.grants.values())
      if (grant.client === this.#client) grant.orphan()
  }

  async #acquire(params: Params, signal: AbortSignal): Promise<WireGrant | null> {
    const request = toRequest(params, this.#client.token)
    const { id } = request
    await this.#giveUp(id)
    const controller = new AbortController()
    const abort = (): void => {
      controller.abort(signal.reason)
    }
    signal.addEventListener('abort', abort, { once: true })
    const taking = this.#take(request, params['wait'] === true, controller.signal)
    const { waits } = this.#place
    waits.set(id, { client: this.#client, controller, settled: taking.catch(() => undefined) })
    try {
      return await taking
    } finally {
      if (waits.get(id)?.controller === controller) waits.delete(id)
      signal.removeEventListener('abort', abort)
    }
  }

  /**
   * What stands under the id of a new request: left by a connection of the same client that has ended, or has not been found to be dead
   * yet. Whoever asks for a lock does not hold it.
   */
  async #giveUp(id: string): Promise<void> {
    const { grants, waits } = this.#place
    const user = waits.get(id)?.client ?? grants.get(id)?.client
    if (user === this.#client || (user !== undefined && user.token !== this.#client.token))
      throw new TypeError('id must not be in use')
    waits.get(id)?.controller.abort(goneError())
    await waits.get(id)?.settled
    await grants.get(id)?.release()
  }

  async #take(request: LockRequest, wait: boolean, signal: AbortSignal): Promise<WireGrant | null> {
    const { resource, id } = request
    const locks = await this.#place.leases()
    signal.throwIfAborted()
    const grant = wait
      ? await locks.acquire(request, {
          signal,
          onWait: (info) => {
            this.#client.notify('locks.waiting', { id, info: encodeLockInfo(info) })
          },
        })
      : await locks.tryAcquire(request)
    if (grant === null) return null
    if (this.#ended || signal.aborted) {
      await grant.release()
      throw goneError()
    }
    return this.#hold(resource, grant)
  }

  #hold(resource: string, grant: LockGrant): WireGrant {
    const { grants } = this.#place
    const { id, token, grantedAt } = grant
    const held = new ClientGrant(resource, grant, this.#client, () => grants.delete(id))
    grants.set(id, held)
    return { token: String(token), grantedAt: grantedAt.getTime(), leaseMs: held.givenMs }
  }

  #renew(id: string): number {
    const held = this.#place.grants.get(id)
    return held?.client === this.#client ? held.renew() : 0
  }

  /** Gives back a lock, or a place in the queue. */
  async #release(resource: string, id: string): Promise<boolean> {
    const waiting = this.#place.waits.get(id)
    if (waiting?.client === this.#client) {
      waiting.controller.abort(goneError())
      await waiting.settled
    }
    const held = this.#place.grants.get(id)
    if (held?.resource === resource) {
      await held.release()
      return true
    }
    // Of a hub that is no more: its owner gives it back before the end of its lease.
    return (await this.#place.locks()).forceRelease(resource, id)
  }
}

function toRequest(params: Params, via: string): LockRequest {
  const { mode = 'exclusive' } = params
  if (mode !== 'exclusive' && mode !== 'shared')
    throw new TypeError('mode must be "exclusive" or "shared"')
  const held = arrayIn(params, 'held', MAX_HELD).map((id) => lockIdIn({ id }))
  return {
    resource: nameIn(params, 'resource'),
    mode: mode satisfies LockMode,
    id: lockIdIn(params),
    held,
    owner: toOwner(objectIn(params, 'owner'), via),
  }
}

/** What the client says of itself, and what is proven: its token. */
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

/** Any text, to be compared. */
function textIn(params: Params, key: string): string {
  const value = params[key]
  if (typeof value === 'string' && value.length <= 1024) return value
  throw new TypeError(`${key} must be a string`)
}

function goneError(): Error {
  return new Error('nobody waits for it any more')
}
