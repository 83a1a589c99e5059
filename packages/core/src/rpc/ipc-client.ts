import { assertKnown } from '../base/validation/assert-known.js'
import { CONNECTION_FIELDS, FIELDS_OF_OTHERS } from '../engine/connection-fields.js'
import type { RpcLimits } from '../drivers/driver.js'
import { type DriverHandle, openDriver } from '../engine/open-driver.js'
import { CliOpsError } from '../base/errors/cli-ops-error.js'
import { traceparentOf } from '../base/process/trace-context.js'
import { assertName, describe } from '../base/names/assert-name.js'
import { assertMilliseconds } from '../base/validation/assert-number.js'
import type { ConnectionOptions } from '../engine/connection-options.js'
import { toPlain } from '../base/validation/to-json.js'
import type { Pick, ServerFinder } from './find-server.js'
import type { OutgoingRequest } from './pending-request.js'
import { resolveLimits, type RpcLimitOptions } from './rpc-limits.js'
import { ServerLink } from './server-link.js'
import { streamRequest } from './stream-request.js'
import { assertSignal } from '../base/validation/assert-signal.js'

/** Options of one request; the client's options are the defaults. */
export interface RequestOptions {
  /**
   * How long to wait for the reply, including finding the server, connecting and the handler. `Infinity` for no limit. The server
   * learns the deadline and stops at it, too.
   * @default 30000
   */
  readonly timeoutMs?: number | undefined
  /**
   * How long to wait for a server if none is running; it counts against `timeoutMs`.
   * @default 0: a missing server fails immediately
   */
  readonly waitMs?: number | undefined
  /** Calls only this instance. */
  readonly instance?: string | undefined
  /** Cancels the request: the promise is rejected with the signal's reason and the handler's signal is aborted. */
  readonly signal?: AbortSignal | undefined
  /**
   * W3C Trace Context, passed to the handler.
   * @default the environment's `TRACEPARENT`, if it is well-formed
   */
  readonly traceparent?: string | undefined
}

/** Options of an {@link IPCClient}. */
export interface IPCClientOptions extends ConnectionOptions, RpcLimitOptions {
  readonly timeoutMs?: RequestOptions['timeoutMs']
  readonly waitMs?: RequestOptions['waitMs']
  readonly instance?: RequestOptions['instance']
  /**
   * Which of several running instances to call. The oldest is the least likely to end soon.
   * @default 'oldest'
   */
  readonly pick?: Pick | undefined
}

const CLIENT_OPTIONS = Object.keys({
  timeoutMs: true,
  waitMs: true,
  instance: true,
  pick: true,
  maxMessageBytes: true,
  maxUnreadBytes: true,
  ...CONNECTION_FIELDS,
} satisfies Record<keyof IPCClientOptions, true>)

const REQUEST_OPTIONS = Object.keys({
  timeoutMs: true,
  waitMs: true,
  instance: true,
  signal: true,
  traceparent: true,
} satisfies Record<keyof RequestOptions, true>)

const DEFAULT_TIMEOUT_MS = 30_000
const PICKS: readonly unknown[] = ['oldest', 'newest', 'random']

/**
 * Sends requests to another CLI. It connects at the first request, shares that connection, and does not keep the process alive while
 * nothing is pending.
 *
 * @example
 * const client = new IPCClient('cli-alpha')
 * const { tasks } = await client.request({ action: 'get-tasks' })
 */
export class IPCClient {
  /** Kept where the bundle renames classes: Node shows it for an object and in a stack. */
  static readonly name = 'IPCClient'
  readonly name: string
  readonly #options: IPCClientOptions
  readonly #limits: RpcLimits
  /** Read once: reading the environment is slow. */
  readonly #traceparent = traceparentOf(undefined)
  readonly #handles: readonly [rpc: DriverHandle<'rpc'>, registry: DriverHandle<'registry'>]
  readonly #links = new Map<string | undefined, ServerLink>()
  readonly #closing = new AbortController()
  #closed: Promise<void> | undefined

  /** Does not touch disk or network yet. @throws TypeError for an invalid name or option */
  constructor(name: string, options: IPCClientOptions = {}) {
    assertName('name', name)
    assertKnown('options', options, CLIENT_OPTIONS, FIELDS_OF_OTHERS)
    assertRequestOptions(options)
    const { pick } = options
    if (pick !== undefined && !PICKS.includes(pick))
      throw new TypeError(`pick must be one of ${PICKS.join(', ')}, got ${describe(pick)}`)
    this.name = name
    this.#options = options
    this.#limits = resolveLimits(options)
    this.#handles = [openDriver(options, 'rpc'), openDriver(options, 'registry')]
  }

  /** Calls the handler of `server.on('request')`. Like {@link call} with the method `request`. */
  request<Result = Record<string, unknown>>(
    data?: unknown,
    options: RequestOptions = {},
  ): Promise<Result> {
    return this.call<Result>('request', data, options)
  }

  /**
   * Calls a method and resolves to its result. A request is never repeated automatically.
   *
   * @throws TypeError for an invalid method, option, or parameters that are not JSON
   * @throws CliOpsError `NO_RESPONDER` when nothing was sent or no server started it; `REQUEST_TIMEOUT` and `CONNECTION_LOST` when
   *   the outcome is unknown; `REMOTE_ERROR` when the handler failed; `INVALID_MESSAGE` when the parameters were refused;
   *   `MESSAGE_TOO_LARGE`, `INSECURE_DIRECTORY`, `UNSUPPORTED`, `CLOSED`
   */
  call<Result = unknown>(
    method: string,
    params?: unknown,
    options: RequestOptions = {},
  ): Promise<Result> {
    // Not an async function: on an open connection, the promise of the reply is the only one needed.
    let request: OutgoingRequest
    try {
      request = this.#prepare(method, params, options, DEFAULT_TIMEOUT_MS)
    } catch (error) {
      // The abort reason of the caller's signal is passed on unchanged, whatever it is.
      const reason = error as Error
      return Promise.reject(reason)
    }
    const connection = this.#link(options).current
    const reply = connection?.request(request) ?? this.#connectAndCall(request, options)
    return reply as Promise<Result>
  }

  /**
   * Sends a notification, which has no reply. Resolves once it is sent; whether it was handled is unknown. Rejects like {@link call}
   * if it was not sent.
   */
  async notify(method: string, params?: unknown, options: RequestOptions = {}): Promise<void> {
    const request = this.#prepare(method, params, options, DEFAULT_TIMEOUT_MS)
    const link = this.#link(options)
    const connection = link.current ?? (await link.connect(this.#wait(request, options)))
    // The caller might have given up after the connection was made.
    options.signal?.throwIfAborted()
    await connection.notify(method, request.params)
  }

  /**
   * Calls a method and iterates over the values that its handler reports as progress; the result is the iterator's return value. A
   * slow consumer slows down a handler that awaits `progress()`. Leaving the loop cancels the request. Without `timeoutMs` the stream
   * itself has no deadline. Rejects like {@link call}.
   */
  stream<Value = unknown, Result = unknown>(
    method: string,
    params?: unknown,
    options: RequestOptions = {},
  ): AsyncGenerator<Value, Result, undefined> {
    const request = this.#prepare(method, params, options, this.#options.timeoutMs ?? Infinity)
    const link = this.#link(options)
    const connect = (): ReturnType<ServerLink['connectAlone']> =>
      link.connectAlone(this.#wait(request, options))
    return streamRequest<Value, Result>(request, connect, this.#closing.signal)
  }

  /** Rejects all pending requests with `CLOSED` and closes the connections. Further calls wait for the same end. */
  close(): Promise<void> {
    return (this.#closed ??= this.#close())
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #close(): Promise<void> {
    const reason = new CliOpsError(
      'CLOSED',
      `the client of ${JSON.stringify(this.name)} was closed`,
    )
    this.#closing.abort(reason)
    for (const link of this.#links.values()) link.close(reason)
    await Promise.all(this.#handles.map((handle) => handle.close()))
  }

  async #connectAndCall(request: OutgoingRequest, options: RequestOptions): Promise<unknown> {
    const connection = await this.#link(options).connect(this.#wait(request, options))
    return connection.request(request)
  }

  #prepare(
    method: string,
    params: unknown,
    options: RequestOptions,
    defaultTimeoutMs: number,
  ): OutgoingRequest {
    assertName('method', method)
    assertKnown('options', options, REQUEST_OPTIONS)
    assertRequestOptions(options)
    options.signal?.throwIfAborted()
    this.#closing.signal.throwIfAborted()
    const timeoutMs = options.timeoutMs ?? this.#options.timeoutMs ?? defaultTimeoutMs
    return {
      method,
      params: params === undefined ? undefined : toPlain('params', params),
      timeoutMs,
      deadline: performance.now() + timeoutMs,
      signal: options.signal,
      traceparent:
        options.traceparent === undefined ? this.#traceparent : traceparentOf(options.traceparent),
    }
  }

  #wait({ deadline, signal }: OutgoingRequest, { waitMs }: RequestOptions) {
    return {
      // A stream without a deadline does not search for its server forever.
      deadline: Math.min(deadline, performance.now() + DEFAULT_TIMEOUT_MS),
      waitMs: waitMs ?? this.#options.waitMs ?? 0,
      signal,
    }
  }

  #link({ instance = this.#options.instance }: RequestOptions): ServerLink {
    let link = this.#links.get(instance)
    if (link === undefined) {
      const target = { name: this.name, instance, pick: this.#options.pick ?? 'oldest' }
      link = new ServerLink(target, () => this.#openFinder())
      this.#links.set(instance, link)
    }
    return link
  }

  async #openFinder(): Promise<ServerFinder> {
    const [rpcHandle, registryHandle] = this.#handles
    const { rpc } = rpcHandle.now ?? (await rpcHandle.open())
    const { registry: driver } = registryHandle.now ?? (await registryHandle.open())
    return { place: { key: registryHandle.key, driver }, rpc, limits: this.#limits }
  }
}

function assertRequestOptions(options: RequestOptions): void {
  const { timeoutMs, waitMs, instance, signal } = options
  if (timeoutMs !== undefined) assertMilliseconds('timeoutMs', timeoutMs)
  if (waitMs !== undefined) assertMilliseconds('waitMs', waitMs)
  if (instance !== undefined) assertName('instance', instance)
  assertSignal(signal)
}
