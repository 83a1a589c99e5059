import { clearInterval, clearTimeout, setInterval, setTimeout } from '../base/wait/own-timers.js'
import { CliOpsError } from '../base/errors/cli-ops-error.js'
import type {
  RpcChannel,
  RpcDriver,
  RpcLimits,
  RpcListener,
  RpcService,
} from '../rpc/contract/rpc-driver.js'
import { randomId } from '../base/names/random-id.js'
import { KeepAlive } from './keep-alive.js'
import { RelayedChannel } from './relayed-channel.js'

/** The transport of frames from one driver to another over an engine. */
export interface FrameRelay {
  /** The prefix of each endpoint: `redis`. */
  readonly scheme: string
  /** The address of this driver's frames, as in its endpoints: no spaces and no slashes. */
  readonly address: string
  readonly leaseMs: number
  /** Resolves when frames for this driver arrive. Rejects with `ENGINE_UNAVAILABLE`, or the signal's reason. */
  ready(signal?: AbortSignal): Promise<void>
  /**
   * Like `ready`, for a caller that only needs answers.
   * @default ready
   */
  readyForAnswers?(signal?: AbortSignal): Promise<void>
  /** Sends a frame. Resolves to false if there is no receiver; rejects if that is unknown. Frames to one address keep their order. */
  send(address: string, frame: string, signal?: AbortSignal): Promise<boolean>
}

interface Listening {
  readonly accept: (channel: RpcChannel) => void
  readonly limits: RpcLimits
}

/** A requested connection. */
interface Opening {
  readonly accepted: () => void
  readonly refused: () => void
}

const PROBE_MS = 300

/**
 * Connections over an engine that carries messages. Each driver has one inbox; the header of a frame, `<kind> <recipient> <number>`,
 * names the end of the connection that it is for. The engine reports if there is no receiver.
 */
export class RelayedRpc implements RpcDriver {
  readonly #relay: FrameRelay
  readonly #listeners = new Map<string, Listening>()
  readonly #channels = new Map<string, RelayedChannel>()
  readonly #openings = new Map<string, Opening>()
  readonly #probes = new Map<string, () => void>()
  #pulse: NodeJS.Timeout | undefined

  constructor(relay: FrameRelay) {
    this.#relay = relay
  }

  async listen(
    _service: RpcService,
    accept: (channel: RpcChannel) => void,
    limits: RpcLimits,
  ): Promise<RpcListener> {
    await this.#relay.ready()
    const id = randomId()
    this.#listeners.set(id, { accept, limits })
    const alive = new KeepAlive()
    alive.ref()
    return {
      endpoint: `${this.#relay.scheme}:${this.#relay.address}/${id}`,
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
    const target = this.#parse(endpoint)
    if (target === undefined) throw noResponder(endpoint)
    const { address, listener } = target
    await this.#readyForAnswers(signal)
    const id = randomId()
    const answer = this.#awaitAnswer(id, endpoint, signal)
    try {
      const isThere = await this.#send(
        address,
        `open ${id} ${this.#relay.address} ${listener}`,
        signal,
      )
      if (!isThere) throw noResponder(endpoint)
      await answer
    } catch (error) {
      this.#openings.get(id)?.refused()
      await answer.catch(() => undefined)
      // The server might have accepted it meanwhile.
      this.#send(address, `close s${id} 0`).catch(() => undefined)
      throw error
    }
    return this.#add(`c${id}`, `s${id}`, address, limits)
  }

  /** Requests a sign of life from the process behind an endpoint. */
  async probe(endpoint: string): Promise<boolean> {
    const target = this.#parse(endpoint)
    // An endpoint of another engine proves nothing here.
    if (target === undefined) return true
    await this.#readyForAnswers()
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
      this.#send(target.address, `ask ${id} ${this.#relay.address}`).then(
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

  /** Ends all connections, since they have lost frames. */
  endAll(reason: string): void {
    for (const channel of [...this.#channels.values()]) channel.lose(reason)
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
      const timer = setTimeout(refused, this.#relay.leaseMs)
      signal.addEventListener('abort', abort, { once: true })
      this.#openings.set(id, {
        accepted: () => {
          settle(resolve)
        },
        refused,
      })
    })
    // The refusal can arrive before the send has completed.
    answer.catch(() => undefined)
    return answer
  }

  /** Handles a frame for this driver. @param answerTo the sender's address, if the engine provides it */
  onFrame(frame: string, answerTo?: string): void {
    const end = frame.indexOf('\n')
    const [kind = '', recipient = '', third = '', fourth = ''] = (
      end < 0 ? frame : frame.slice(0, end)
    ).split(' ')
    if (kind === 'open') this.#onOpen(recipient, answerTo ?? third, fourth)
    else if (kind === 'accept') this.#openings.get(recipient)?.accepted()
    else if (kind === 'refuse') this.#openings.get(recipient)?.refused()
    else if (kind === 'ask')
      this.#send(answerTo ?? third, `alive ${recipient}`).catch(() => undefined)
    else if (kind === 'alive') this.#probes.get(recipient)?.()
    else {
      const jsons = end < 0 ? [] : frame.slice(end + 1).split('\n')
      this.#channels.get(recipient)?.onFrame(kind, Number(third), jsons)
    }
  }

  #onOpen(id: string, client: string, listenerId: string): void {
    const listening = this.#listeners.get(listenerId)
    if (listening === undefined) {
      this.#send(client, `refuse ${id}`).catch(() => undefined)
      return
    }
    const channel = this.#add(`s${id}`, `c${id}`, client, listening.limits)
    listening.accept(channel)
    this.#send(client, `accept ${id}`).then(
      (isThere) => {
        if (!isThere) channel.close()
      },
      () => {
        channel.close()
      },
    )
  }

  #add(ownId: string, peerId: string, address: string, limits: RpcLimits): RelayedChannel {
    const wire = {
      send: (frame: string) => this.#send(address, frame),
      forget: () => {
        this.#channels.delete(ownId)
        if (this.#channels.size > 0) return
        clearInterval(this.#pulse)
        this.#pulse = undefined
      },
    }
    const channel = new RelayedChannel(wire, peerId, limits)
    this.#channels.set(ownId, channel)
    const { leaseMs } = this.#relay
    this.#pulse ??= setInterval(() => {
      for (const each of [...this.#channels.values()]) each.pulse(leaseMs)
    }, leaseMs / 3).unref()
    return channel
  }

  #send(address: string, frame: string, signal?: AbortSignal): Promise<boolean> {
    return this.#relay.send(address, frame, signal)
  }

  #readyForAnswers(signal?: AbortSignal): Promise<void> {
    return this.#relay.readyForAnswers?.(signal) ?? this.#relay.ready(signal)
  }

  #parse(endpoint: string): { readonly address: string; readonly listener: string } | undefined {
    const prefix = `${this.#relay.scheme}:`
    if (!endpoint.startsWith(prefix)) return undefined
    const [, address, listener] =
      /^([\w.~-]+)\/([\w-]+)$/u.exec(endpoint.slice(prefix.length)) ?? []
    return address === undefined || listener === undefined ? undefined : { address, listener }
  }
}

function noResponder(endpoint: string): CliOpsError {
  return new CliOpsError('NO_RESPONDER', `nobody answers at ${endpoint}`)
}
