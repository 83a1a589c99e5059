import {
  AnswerWatch,
  CliOpsError,
  closedError,
  describeEngine,
  type DriverOptions,
  isCliOpsError,
  monotonicMs,
  outlasts,
  pause,
  settleWithin,
} from '@cli-ops/shared-ipc/driver'
import { Redis } from 'ioredis'

import { clientOptions, databaseOf, type NodeAddress } from './client-options.js'
import { clusterNodes } from './cluster-nodes.js'
import { engineError } from './engine-error.js'
import type { NodeLocation } from './node-location.js'
import { judgeReply } from './reply-verdict.js'
import { askSentinels, namesSentinels } from './sentinel.js'
import { parseServerFacts, type ServerFacts } from './server-facts.js'

/** A command and its arguments. */
export type Command = readonly [name: string, ...args: (string | number)[]]

/** A client that is connected. */
interface Live {
  readonly client: Redis
  readonly facts: ServerFacts
  readonly answers: AnswerWatch
}

/** Before this version there are commands missing that the scripts need. */
const OLDEST_VERSION = 7
/** Between two attempts at a server that does not take commands for now. */
const RETRY_MS = 25

/**
 * A connection that is made when it is needed, and made anew after it was lost, or where its server has become a replica. Every call
 * settles within the time that the engine has to answer; none is sent twice, but where the server says that it has done
 * nothing. The socket keeps no process alive, a call that is under way does.
 */
export class RedisConnection {
  readonly #options: DriverOptions
  readonly #onLive: ((client: Redis) => Promise<void>) | undefined
  readonly #onLost: (() => void) | undefined
  readonly #location: NodeLocation
  #live: Live | undefined
  #connecting: Promise<Live> | undefined
  #closed = false

  /**
   * @param on.live prepares each new connection before it is used
   * @param on.lost called when a connection has ended
   */
  constructor(
    options: DriverOptions,
    location: NodeLocation,
    on: { readonly live?: (client: Redis) => Promise<void>; readonly lost?: () => void } = {},
  ) {
    this.#options = options
    this.#location = location
    location.onMove(() => {
      if (this.#live !== undefined) this.#drop(this.#live)
    })
    this.#onLive = on.live
    this.#onLost = on.lost
  }

  /** What the server behind the present connection has said of itself; undefined where there is none. */
  get facts(): ServerFacts | undefined {
    return this.#live?.facts
  }

  /**
   * Sends a command and resolves to its reply.
   *
   * @throws CliOpsError `ENGINE_UNAVAILABLE`: not done, or without a reply in time, so that the outcome is unknown;
   *   `FORBIDDEN` for want of a right, `CLOSED`
   * @throws the signal's reason once aborted, which does not take the command back
   */
  async call(command: Command, signal?: AbortSignal): Promise<unknown> {
    let reason: unknown
    let giveUp: (() => void) | undefined
    return this.within(
      signal,
      async (deadline) => {
        for (;;) {
          let live: Live | undefined
          try {
            live = this.#live ?? (await this.#connect())
            // Nobody waits any more, so it must not be done any more.
            if (monotonicMs() >= deadline || signal?.aborted === true) return undefined
            const reply = send(live, command)
            giveUp = live.answers.follow(reply, deadline - monotonicMs())
            return await reply
          } catch (error) {
            const verdict = judgeReply(error)
            if (verdict === undefined) throw engineError(this.#options.url, error)
            reason = error
            // All keys of a namespace are in one slot, so the node that has it is all that is needed.
            if (verdict.kind === 'moved') this.#location.move(verdict)
            else if (verdict.kind === 'leave' && live !== undefined && this.#live === live)
              this.#location.leave()
          }
          await pause(RETRY_MS)
          if (monotonicMs() >= deadline || signal?.aborted === true) return undefined
        }
      },
      () => {
        giveUp?.()
        return reason
      },
    )
  }

  /** Connects, where it is not connected. Rejects as {@link call} does. */
  async connect(signal?: AbortSignal): Promise<void> {
    await this.within(signal, async () => {
      try {
        if (this.#live === undefined) await this.#connect()
      } catch (error) {
        throw engineError(this.#options.url, error)
      }
    })
  }

  /** Ends the connection; what is under way is rejected. */
  close(): void {
    this.#closed = true
    if (this.#live !== undefined) this.#drop(this.#live)
  }

  #connect(): Promise<Live> {
    if (this.#closed) return Promise.reject(closedError('the connection to the engine'))
    this.#connecting ??= this.#open().finally(() => {
      this.#connecting = undefined
    })
    return this.#connecting
  }

  /** Connects to the first candidate that can be used. */
  async #open(): Promise<Live> {
    const deadline = monotonicMs() + this.#options.timeoutMs
    const tried: NodeAddress[] = []
    let failure: unknown
    for (;;) {
      const next = await this.#candidate(tried).catch((error: unknown) => {
        failure ??= error
      })
      if (next === undefined) throw failure
      tried.push(next)
      const left = this.#location.candidates.length - tried.length + 1
      try {
        return await this.#openAt(next, (deadline - monotonicMs()) / Math.max(1, left))
      } catch (error) {
        // What all of them would say.
        if (isCliOpsError(error)) throw error
        // The first one is the one that was meant.
        failure ??= error
      }
    }
  }

  /** The next node to try: the primary as the sentinels have it, or one that was not tried yet. */
  async #candidate(tried: readonly NodeAddress[]): Promise<NodeAddress | undefined> {
    if (namesSentinels(this.#options.url))
      return tried.length > 0 ? undefined : askSentinels(this.#options)
    return this.#location.candidates.find(
      ({ host, port }) => !tried.some((one) => one.host === host && one.port === port),
    )
  }

  async #openAt(address: NodeAddress, timeoutMs: number): Promise<Live> {
    const { url } = this.#options
    const client = new Redis(clientOptions({ ...this.#options, timeoutMs }, address))
    // Whoever waits for the connection gets the error; the library would throw it at the process.
    let failure: unknown
    client.on('error', (error: unknown) => {
      failure ??= error
    })
    client.on('connect', () => client.stream.unref())
    try {
      const ready = this.#prepare(client)
      if (await outlasts(ready, timeoutMs))
        throw new Error(`no answer within ${Math.round(timeoutMs)} ms`)
      const live = this.#toLive(client, await ready)
      if (this.#closed) throw closedError('the connection to the engine')
      client.once('close', () => {
        this.#forget(live)
      })
      // All connections of a driver are to one node: others follow.
      this.#location.move(address)
      this.#live = live
      return live
    } catch (error) {
      end(client)
      // "Connection is closed" says less than what came before it.
      const reason = failure ?? error
      const known = engineError(url, reason)
      throw known.code === 'ENGINE_UNAVAILABLE' ? reason : known
    }
  }

  #toLive(client: Redis, facts: ServerFacts): Live {
    const answers = new AnswerWatch({
      leave: () => {
        this.#forget(live)
      },
      end: () => {
        end(client)
      },
    })
    const live = { client, facts, answers }
    return live
  }

  async #prepare(client: Redis): Promise<ServerFacts> {
    await client.connect()
    // A user without the right to ask learns of a wrong server from the first command.
    const facts = parseServerFacts(await client.info().catch(() => ''))
    this.#assertUsable(facts)
    const database = databaseOf(this.#options.url)
    // The library would go on in database 0 where this one does not exist.
    if (database !== 0) await client.select(database)
    if (facts.mode === 'cluster') this.#location.remember(await clusterNodes(client))
    await this.#onLive?.(client)
    return facts
  }

  #assertUsable({ mode, majorVersion, version, isReplica, primary }: ServerFacts): void {
    const name = describeEngine(this.#options.url)
    if (mode === 'sentinel')
      throw new CliOpsError(
        'UNSUPPORTED',
        `${name} is a sentinel, which keeps nothing itself: write redis+sentinel://host:port/<name of the primary>`,
      )
    if (majorVersion !== undefined && majorVersion < OLDEST_VERSION)
      throw new CliOpsError(
        'UNSUPPORTED',
        `${name} is ${version}: Redis ${OLDEST_VERSION} or Valkey is needed`,
      )
    if (!isReplica || mode === 'cluster') return
    if (primary !== undefined && primary.host !== '') this.#location.remember([primary])
    throw new Error(
      `READONLY it is a replica of ${primary?.host}:${primary?.port}; name the primary, all hosts (redis://one,other), or the sentinels`,
    )
  }

  #drop(live: Live): void {
    // Several calls may find out about one connection.
    if (this.#live !== live) return
    end(live.client)
    this.#forget(live)
  }

  #forget(live: Live): void {
    if (this.#live !== live) return
    this.#live = undefined
    this.#onLost?.()
  }

  /**
   * Runs work that is bounded by the time that the engine has to answer, and by a signal. Rejects as {@link call} does.
   *
   * @param reason what the engine has said last, where it was not the answer
   */
  within<T>(
    signal: AbortSignal | undefined,
    work: (deadline: number) => T | Promise<T>,
    reason: () => unknown = () => undefined,
  ): Promise<T> {
    const { timeoutMs, url } = this.#options
    if (this.#closed && signal?.aborted !== true)
      return Promise.reject(closedError('the connection to the engine'))
    const late = (): Error =>
      engineError(url, reason() ?? new Error(`no answer within ${timeoutMs} ms`))
    return settleWithin({ timeoutMs, signal, late }, () => work(monotonicMs() + timeoutMs))
  }
}

function send({ client, answers }: Live, [name, ...args]: Command): Promise<unknown> {
  return client.call(name, ...args).finally(() => {
    answers.heard()
  })
}

/** Ends at once: an orderly end waits for a server that may not answer. */
function end(client: Redis): void {
  client.disconnect()
  // Before the socket was made there is none, whatever the types say.
  ;(client.stream as Redis['stream'] | undefined)?.destroy()
}
