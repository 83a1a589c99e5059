import {
  CliOpsError,
  randomId,
  type RpcChannel,
  type RpcDriver,
  type RpcLimits,
  type RpcListener,
  type RpcService,
  KeepAlive,
} from '@cli-ops/shared-ipc/driver'

import type { Inbox } from '../connection/inbox.js'
import type { RedisConnection } from '../connection/redis-connection.js'
import type { Keys } from '../keys.js'
import { RedisChannel } from './redis-channel.js'

/** How requests travel. */
export interface RpcPlace {
  readonly connection: RedisConnection
  readonly inbox: Inbox
  readonly keys: Keys
  /** Id of this driver; its inbox has it in its name. */
  readonly driverId: string
  readonly leaseMs: number
}

interface Listening {
  readonly accept: (channel: RpcChannel) => void
  readonly limits: RpcLimits
}

/** A connection that was asked for. */
interface Opening {
  readonly accepted: () => void
  readonly refused: () => void
}

const ENDPOINT = /^redis:([\w-]+)\/([\w-]+)$/u
const PROBE_MS = 300

/**
 * Connections over channels of Redis. Each driver has one inbox; the head of a frame, `<kind> <whom> <number>`, says which end of
 * a connection it is for. Publishing tells how many have heard it: none means that nobody is there.
 */
export class RedisRpc implements RpcDriver {
  readonly #place: RpcPlace
  readonly #listeners = new Map<string, Listening>()
  readonly #channels = new Map<string, RedisChannel>()
  readonly #openings = new Map<string, Opening>()
  readonly #probes = new Map<string, () => void>()
  #pulse: NodeJS.Timeout | undefined

  constructor(place: RpcPlace) {
    this.#place = place
    place.inbox.route('rpc', {
      onMessage: (frame) => {
        this.#onFrame(frame)
      },
    })
  }

  async listen(
    _service: RpcService,
    accept: (channel: RpcChannel) => void,
    limits: RpcLimits,
  ): Promise<RpcListener> {
    await this.#place.inbox.ready()
    const id = randomId()
    this.#listeners.set(id, { accept, limits })
    const alive = new KeepAlive()
    alive.ref()
    return {
      endpoint: `redis:${this.#place.driverId}/${id}`,
      close: () => {
        this.#listeners.delete(id)
        alive.unref()
        return Promise.resolve()
      },
      closeSync: () => {
        this.#listeners.delete(id)
      },
      ref: () => {
        if (this.#listeners.has(id)) alive.ref()
      },
      unref: () => {
        alive.unref()
      },
    }
  }

  async connect(endpoint: string, limits: RpcLimits, signal: AbortSignal): Promise<RpcChannel> {
    signal.throwIfAborted()
    const [, driverId, listener] = ENDPOINT.exec(endpoint) ?? []
    if (driverId === undefined) throw noResponder(endpoint)
    const { inbox, driverId: ownId } = this.#place
    await inbox.ready(signal)
    const id = randomId()
    const answer = this.#awaitAnswer(id, endpoint, signal)
    try {
      const isThere = await this.#send(driverId, `open ${id} ${ownId} ${listener}`, signal)
      if (!isThere) throw noResponder(endpoint)
      await answer
    } catch (error) {
      this.#openings.get(id)?.refused()
      await answer.catch(() => undefined)
      // It may have been accepted meanwhile.
      this.#send(driverId, `close s${id} 0`).catch(() => undefined)
      throw error
    }
    return this.#add(`c${id}`, `s${id}`, driverId, limits)
  }

  /** Asks for a sign of life from the process behind an endpoint. */
  async probe(endpoint: string): Promise<boolean> {
    const [, driverId] = ENDPOINT.exec(endpoint) ?? []
    // Another engine's endpoint says nothing here.
    if (driverId === undefined) return true
    const { inbox, driverId: ownId } = this.#place
    await inbox.ready()
    const id = randomId()
    return new Promise((resolve) => {
      const settle = (isAlive: boolean): void => {
        clearTimeout(timer)
        this.#probes.delete(id)
        resolve(isAlive)
      }
      const timer = setTimeout(settle, PROBE_MS, false)
      this.#probes.set(id, () => {
        settle(true)
      })
      this.#send(driverId, `ask ${id} ${ownId}`).then(
        (isThere) => {
          if (!isThere) settle(false)
        },
        () => {
          settle(false)
        },
      )
    })
  }

  close(): void {
    clearInterval(this.#pulse)
    this.#listeners.clear()
    for (const channel of this.#channels.values()) channel.close()
  }

  #awaitAnswer(id: string, endpoint: string, signal: AbortSignal): Promise<void> {
    const answer = new Promise<void>((resolve, reject) => {
      const settle = (done: () => void): void => {
        clearTimeout(timer)
        signal.removeEventListener('abort', abort)
        this.#openings.delete(id)
        done()
      }
      const refused = (): void => {
        settle(() => {
          reject(noResponder(endpoint))
        })
      }
      const abort = (): void => {
        settle(() => {
          reject(signal.reason as Error)
        })
      }
      const timer = setTimeout(refused, this.#place.leaseMs)
      signal.addEventListener('abort', abort, { once: true })
      this.#openings.set(id, {
        accepted: () => {
          settle(resolve)
        },
        refused,
      })
    })
    // It may be refused while the question is still on its way.
    answer.catch(() => undefined)
    return answer
  }

  #onFrame(frame: string): void {
    const end = frame.indexOf('\n')
    const [kind = '', whom = '', third = '', fourth = ''] = (
      end < 0 ? frame : frame.slice(0, end)
    ).split(' ')
    if (kind === 'open') this.#onOpen(whom, third, fourth)
    else if (kind === 'accept') this.#openings.get(whom)?.accepted()
    else if (kind === 'refuse') this.#openings.get(whom)?.refused()
    else if (kind === 'ask') this.#send(third, `alive ${whom}`).catch(() => undefined)
    else if (kind === 'alive') this.#probes.get(whom)?.()
    else {
      const jsons = end < 0 ? [] : frame.slice(end + 1).split('\n')
      this.#channels.get(whom)?.onFrame(kind, Number(third), jsons)
    }
  }

  #onOpen(id: string, clientId: string, listenerId: string): void {
    const listening = this.#listeners.get(listenerId)
    if (listening === undefined) {
      this.#send(clientId, `refuse ${id}`).catch(() => undefined)
      return
    }
    const channel = this.#add(`s${id}`, `c${id}`, clientId, listening.limits)
    listening.accept(channel)
    this.#send(clientId, `accept ${id}`).then(
      (isThere) => {
        if (!isThere) channel.close()
      },
      () => {
        channel.close()
      },
    )
  }

  #add(ownId: string, peerId: string, driverId: string, limits: RpcLimits): RedisChannel {
    const wire = {
      send: (frame: string) => this.#send(driverId, frame),
      forget: () => {
        this.#channels.delete(ownId)
        if (this.#channels.size > 0) return
        clearInterval(this.#pulse)
        this.#pulse = undefined
      },
    }
    const channel = new RedisChannel(wire, peerId, limits)
    this.#channels.set(ownId, channel)
    const { leaseMs } = this.#place
    this.#pulse ??= setInterval(() => {
      for (const each of [...this.#channels.values()]) each.pulse(leaseMs)
    }, leaseMs / 3).unref()
    return channel
  }

  async #send(driverId: string, frame: string, signal?: AbortSignal): Promise<boolean> {
    const { connection, keys } = this.#place
    const heard = await connection.call(['PUBLISH', keys.inbox(driverId), `rpc ${frame}`], signal)
    return Number(heard) > 0
  }
}

function noResponder(endpoint: string): CliOpsError {
  return new CliOpsError('NO_RESPONDER', `nobody answers at ${endpoint}`)
}
