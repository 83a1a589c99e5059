import { isObject } from '../base/validation/is-object.js'
import { assertKnown } from '../base/validation/assert-known.js'
import { CONNECTION_FIELDS, FIELDS_OF_OTHERS } from '../engine/connection-fields.js'
import { errorText, stackOf } from '../base/errors/error-text.js'
import { debug, say, warnOnce } from '../base/terminal/message.js'
import type {
  RegistryDriver,
  RpcChannel,
  RpcDriver,
  RpcLimits,
  RpcListener,
} from '../drivers/driver.js'
import { type DriverHandle, openDriver } from '../engine/open-driver.js'
import { CliOpsError } from '../base/errors/cli-ops-error.js'
import { closedError } from '../base/errors/closed-error.js'
import { callSafely } from '../base/errors/call-safely.js'
import { assertName, describe } from '../base/names/assert-name.js'
import { assertInteger, assertMilliseconds } from '../base/validation/assert-number.js'
import type { ConnectionOptions } from '../engine/connection-options.js'
import { atExit } from '../base/process/at-exit.js'
import type { OwnRecord } from '../registry/own-record.js'
import { ownRecordForEndpoint } from '../registry/own-records.js'
import type { StandardSchema } from '../base/validation/standard-schema.js'
import { MethodTable } from './method-table.js'
import type {
  FailedRequest,
  HandlerParams,
  HandlerResult,
  HandlerSchemas,
  HandlerWithSchemas,
  RequestHandler,
} from './request-handler.js'
import { RequestLog } from './request-log.js'
import { resolveLimits, type RpcLimitOptions } from './rpc-limits.js'
import { noteStartingServer } from './starting-servers.js'
import { onPulse } from '../base/process/pulse.js'
import { MAX_TIMER_MS } from '../base/wait/timer-limit.js'
import { ServerConnection, type ServerConnectionOptions } from './server-connection.js'
import { clearTimeout, setTimeout } from '../base/wait/own-timers.js'

/** Options of an {@link IPCServer}. */
export interface IPCServerOptions extends ConnectionOptions, RpcLimitOptions {
  /** Version of the CLI, shown in the registry. */
  readonly version?: string | undefined
  /**
   * Maximum number of concurrent handlers per connection. At the limit, the server stops reading from the client until one has ended.
   * @default 128
   */
  readonly maxInFlight?: number | undefined
  /**
   * How long `close()` waits for running handlers before it aborts their signals.
   * @default 5000
   */
  readonly closeGraceMs?: number | undefined
  /**
   * Keeps the process alive while the server listens. If false, the process ends when nothing else is left to do, as with `unref()`.
   * @default true
   */
  readonly keepAlive?: boolean | undefined
  /**
   * Called when a handler throws, rejects, or returns a value that cannot be sent. The caller gets only the message.
   * @default nothing; with `CLI_OPS_DEBUG=1` the stack on stderr
   */
  readonly onError?: ((error: unknown, request: FailedRequest) => unknown) | undefined
}

const SERVER_OPTIONS = Object.keys({
  version: true,
  maxInFlight: true,
  closeGraceMs: true,
  keepAlive: true,
  onError: true,
  maxMessageBytes: true,
  maxUnreadBytes: true,
  ...CONNECTION_FIELDS,
} satisfies Record<keyof IPCServerOptions, true>)

/** The method of `on('request')` and of `client.request()`. */
const REQUEST_METHOD = 'request'

/**
 * Answers the requests of other CLIs. It listens on its own socket from construction on and announces itself in the registry; handlers
 * added within the same tick miss no request.
 *
 * @example
 * const server = new IPCServer('cli-alpha')
 * server.on('request', async (data) => {
 *   if (data.action === 'get-tasks') return { tasks: await loadTasks() }
 * })
 */
export class IPCServer {
  /** Kept where the bundle renames classes: Node shows it for an object and in a stack. */
  static readonly name = 'IPCServer'
  readonly name: string
  readonly #handles: readonly [rpc: DriverHandle<'rpc'>, registry: DriverHandle<'registry'>]
  readonly #methods = new MethodTable()
  readonly #limits: RpcLimits
  readonly #options: { maxInFlight: number; closeGraceMs: number; version: string | undefined }
  readonly #connections = new Set<ServerConnection>()
  readonly #starting: Promise<void>
  readonly #onError: IPCServerOptions['onError']
  #accepts: (channel: RpcChannel) => void = () => undefined
  #connectionCount = 0
  #keepAlive: boolean
  #readyObserved = false
  #listener: RpcListener | undefined
  #record: OwnRecord | undefined
  #stopWatchingOver: (() => void) | undefined
  #restoring: Promise<void> | undefined
  #forgetExit: (() => void) | undefined
  #closing: Promise<void> | undefined
  #onIdle: (() => void) | undefined

  /** @throws TypeError for an invalid name or option */
  constructor(name: string, options: IPCServerOptions = {}) {
    assertName('name', name)
    assertKnown('options', options, SERVER_OPTIONS, FIELDS_OF_OTHERS)
    const { maxInFlight = 128, closeGraceMs = 5000, version, keepAlive = true } = options
    assertInteger('maxInFlight', maxInFlight, 1)
    assertMilliseconds('closeGraceMs', closeGraceMs)
    if (version !== undefined && typeof version !== 'string')
      throw new TypeError(`version must be a string, got ${describe(version)}`)
    if (typeof keepAlive !== 'boolean')
      throw new TypeError(`keepAlive must be true or false, got ${describe(keepAlive)}`)
    const { onError } = options
    if (onError !== undefined && typeof onError !== 'function')
      throw new TypeError(`onError must be a function, got ${describe(onError)}`)
    this.#limits = resolveLimits(options)
    this.#onError = onError
    this.name = name
    this.#options = { maxInFlight, closeGraceMs, version }
    this.#keepAlive = keepAlive
    this.#handles = [openDriver(options, 'rpc'), openDriver(options, 'registry')]
    this.#starting = this.#start()
    noteStartingServer(this.#handles[1], name, this.#starting)
    // Awaiting `ready` gives the error; a program that does not must neither crash nor miss it.
    this.#starting.catch((error: unknown) => {
      if (!this.#readyObserved) say(`cannot answer requests: ${(error as Error).message}`)
    })
  }

  /**
   * Resolves when clients can find and reach the server. Rejects with `INSECURE_DIRECTORY`, `STORAGE_FAILED`, `UNSUPPORTED`,
   * `ENGINE_UNAVAILABLE`, or `CLOSED` if it was closed first. If this promise is never read, a failure prints one line on stderr.
   */
  get ready(): Promise<void> {
    this.#readyObserved = true
    return this.#starting
  }

  /** Socket path, pipe or URL; undefined until `ready` and after `close`. */
  get endpoint(): string | undefined {
    return this.#listener?.endpoint
  }

  /** Answers `client.request(data)`: the JSON-RPC method `request`. */
  on<Data = Record<string, unknown>>(event: 'request', handler: RequestHandler<Data>): this {
    this.#assertAccepting()
    if (event !== REQUEST_METHOD)
      throw new TypeError(
        `event must be "request", got ${describe(event)}; use handle() for methods`,
      )
    this.#methods.add(REQUEST_METHOD, {}, handler as RequestHandler)
    return this
  }

  /**
   * Answers `client.call(method, params)` for one method. With schemas (zod, valibot, …), the handler gets validated parameters of the
   * schema's type, and an invalid result is never sent.
   *
   * @throws TypeError for a method that already has a handler, or a reserved name (`$/…`, `rpc.…`)
   * @throws CliOpsError `CLOSED`
   */
  handle<Params = unknown>(method: string, handler: RequestHandler<Params>): this
  handle<
    Input extends StandardSchema | undefined = undefined,
    Output extends StandardSchema | undefined = undefined,
  >(
    method: string,
    schemas: HandlerSchemas<Input, Output>,
    handler: RequestHandler<HandlerParams<Input>, HandlerResult<Output>>,
  ): this
  handle<
    Input extends StandardSchema | undefined = undefined,
    Output extends StandardSchema | undefined = undefined,
  >(method: string, handler: HandlerWithSchemas<Input, Output>): this
  handle(
    method: string,
    schemasOrHandler: HandlerSchemas | HandlerWithSchemas<never, never> | RequestHandler,
    handler?: RequestHandler<never>,
  ): this {
    this.#assertAccepting()
    // In the wrong order, the schemas would be ignored and the parameters not validated.
    if (typeof schemasOrHandler === 'function' && handler !== undefined)
      throw new TypeError('schemas must come before the handler: handle(method, schemas, handler)')
    if (typeof schemasOrHandler === 'function') this.#methods.add(method, {}, schemasOrHandler)
    else if (handler === undefined && isObject(schemasOrHandler) && 'handler' in schemasOrHandler) {
      const { handler: own, ...schemas } = schemasOrHandler
      this.#methods.add(method, schemas, own as RequestHandler)
    } else this.#methods.add(method, schemasOrHandler, handler as unknown as RequestHandler)
    return this
  }

  /** Keeps the process alive while the server listens. */
  ref(): this {
    this.#keepAlive = true
    this.#applyKeepAlive()
    return this
  }

  /** Lets the process end while the server listens. */
  unref(): this {
    this.#keepAlive = false
    this.#applyKeepAlive()
    return this
  }

  /**
   * Leaves the registry, accepts no more requests, lets running handlers finish within `closeGraceMs`, then aborts their signals and
   * closes the connections. Further calls wait for the same end. A handler that awaits it would wait for itself: answer first, and
   * close with `setImmediate(() => server.close())`.
   */
  close(): Promise<void> {
    return (this.#closing ??= this.#close())
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #start(): Promise<void> {
    const [rpcHandle, registryHandle] = this.#handles
    const { rpc } = rpcHandle.now ?? (await rpcHandle.open())
    const { registry } = registryHandle.now ?? (await registryHandle.open())
    this.#assertOpen()
    const { version } = this.#options
    const record = ownRecordForEndpoint({ key: registryHandle.key, driver: registry }, this.name)
    // The record comes first: after a crash right after the socket is created, the record still leads to it.
    const stored = record.set(this, { version, endpoint: '' }, registry)
    this.#record = record
    try {
      await stored
      await this.#listen(rpc, record.instance)
      await record.set(this, { version, endpoint: this.#listener?.endpoint }, registry)
      this.#assertOpen()
      this.#watchOver(rpc, registry)
    } catch (error) {
      await this.#leave()
      throw error
    }
  }

  async #listen(rpc: RpcDriver, instance: string): Promise<void> {
    const shared: ServerConnectionOptions = {
      methods: this.#methods,
      log: new RequestLog(() => [...this.#connections].flatMap(({ running }) => running)),
      maxInFlight: this.#options.maxInFlight,
      onHandlerError: (error, request) => {
        this.#report(error, request)
      },
      pong: {
        name: this.name,
        instance,
        pid: process.pid,
        maxMessageBytes: this.#limits.maxMessageBytes,
      },
    }
    this.#accepts = (channel) => {
      this.#accept(channel, shared)
    }
    await this.#bind(rpc, instance)
  }

  async #bind(rpc: RpcDriver, instance: string): Promise<void> {
    const listener = await rpc.listen({ name: this.name, instance }, this.#accepts, this.#limits)
    this.#listener = listener
    this.#forgetExit?.()
    this.#forgetExit = atExit(() => listener.closeSync?.())
    this.#applyKeepAlive()
  }

  /**
   * Regularly checks that the socket and the record still exist, and recreates them if not. While this process runs, the end of the
   * user's last session removes `/run/user/<uid>`, and cleaners empty the temporary directory.
   */
  #watchOver(rpc: RpcDriver, registry: RegistryDriver): void {
    // If nothing can be lost, there is nothing to check.
    if (this.#listener?.isLost === undefined && registry.hasSync === undefined) return
    this.#stopWatchingOver = onPulse(() => {
      if (this.#closing !== undefined || this.#restoring !== undefined) return
      this.#restoring = this.#restore(rpc, registry)
        .catch((error: unknown) => {
          const reason = errorText(error)
          warnOnce(`restore ${this.name} ${reason}`, `can no longer answer requests: ${reason}`)
        })
        .finally(() => {
          this.#restoring = undefined
        })
    })
  }

  async #restore(rpc: RpcDriver, registry: RegistryDriver): Promise<void> {
    const record = this.#record
    const lost = this.#listener
    if (record === undefined) return
    if (lost?.isLost?.() === true) {
      await this.#bind(rpc, record.instance)
      await lost.close()
      const { version } = this.#options
      await record.set(this, { version, endpoint: this.#listener?.endpoint }, registry)
      debug(() => `listens at ${String(this.endpoint)}, since ${lost.endpoint} was removed`)
    }
    await record.restore(registry)
  }

  #report(error: unknown, request: FailedRequest): void {
    const onError = this.#onError
    const method = JSON.stringify(request.method)
    debug(() => `the handler of ${method} failed: ${stackOf(error)}`)
    if (onError === undefined) return
    callSafely(
      () => onError(error, request),
      (second) => say(`onError of the server failed on ${method}: ${errorText(second)}`),
    )
  }

  #accept(channel: RpcChannel, shared: ServerConnectionOptions): void {
    this.#connectionCount += 1
    const client = { id: this.#connectionCount }
    const connection = new ServerConnection(channel, client, shared, () => {
      this.#connections.delete(connection)
      if (this.#connections.size === 0) this.#onIdle?.()
    })
    this.#connections.add(connection)
    if (!this.#keepAlive) connection.unref()
    if (this.#closing !== undefined) connection.leave()
  }

  #applyKeepAlive(): void {
    const change = this.#keepAlive ? 'ref' : 'unref'
    this.#listener?.[change]()
    for (const connection of this.#connections) connection[change]()
  }

  #assertAccepting(): void {
    if (this.#closing !== undefined) throw closedError('this IPCServer')
  }

  #assertOpen(): void {
    if (this.#closing !== undefined)
      throw new CliOpsError('CLOSED', 'the server was closed before it was ready')
  }

  async #close(): Promise<void> {
    // No warning for a start that the caller itself has cancelled.
    this.#readyObserved = true
    await this.#starting.catch(() => undefined)
    try {
      await this.#leave()
    } finally {
      // An engine that is away must not keep this process.
      await this.#finishConnections()
      await Promise.all(this.#handles.map((handle) => handle.close()))
    }
  }

  /** Leaves the registry first, so that no client is sent to a socket that is about to close. */
  async #leave(): Promise<void> {
    this.#stopWatchingOver?.()
    await this.#restoring
    const registry = this.#handles[1].now?.registry
    const listener = this.#listener
    this.#listener = undefined
    try {
      if (registry !== undefined) await this.#record?.remove(this, registry)
    } finally {
      this.#forgetExit?.()
      await listener?.close()
    }
  }

  async #finishConnections(): Promise<void> {
    for (const connection of this.#connections) connection.leave()
    await this.#waitForConnections(this.#options.closeGraceMs)
    for (const connection of this.#connections)
      connection.abort(new CliOpsError('CLOSED', 'the server is closing'))
    // Handlers that honour their signal can still answer; the others are abandoned.
    await this.#waitForConnections(0)
    for (const connection of this.#connections) connection.close()
    await this.#waitForConnections(Infinity)
  }

  #waitForConnections(timeoutMs: number): Promise<void> {
    if (this.#connections.size === 0) return Promise.resolve()
    return new Promise((resolve) => {
      const timer = timeoutMs > MAX_TIMER_MS ? undefined : setTimeout(resolve, timeoutMs)
      this.#onIdle = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}
