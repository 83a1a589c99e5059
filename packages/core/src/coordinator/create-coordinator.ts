import { inspectedAs } from '../base/terminal/inspection.js'
import { assertKnown } from '../base/validation/assert-known.js'
import { CONNECTION_FIELDS } from '../engine/connection-fields.js'
import { EventBus } from '../events/event-bus.js'
import type { EventBusOptions } from '../events/event-options.js'
import { resolveRateLimit } from '../events/resolve-rate-limit.js'
import { resolveSchemas } from '../events/event-schemas.js'
import type { StandardEvents } from '../events/standard-events.js'
import { LockManager } from '../locks/lock-manager.js'
import { closedError } from '../base/errors/closed-error.js'
import { assertName, describe } from '../base/names/assert-name.js'
import { type ConnectionOptions, resolveConnection } from '../engine/connection-options.js'
import { describeOwnProcess } from '../base/process/own-process.js'
import { ServiceRegistry } from '../registry/service-registry.js'
import { IPCClient } from '../rpc/ipc-client.js'
import { IPCServer } from '../rpc/ipc-server.js'

/** Options of {@link createCoordinator}. */
export interface CoordinatorOptions extends ConnectionOptions {
  /** Name of this CLI: what other processes see as owner, source and service. */
  readonly name: string
  /** Version of this CLI, for the registry. */
  readonly version?: string | undefined
  /**
   * How many events of one type this process may emit, or false for no limit.
   * @default `CLI_OPS_RATE_LIMIT`, else ten a second with a burst of 600
   */
  readonly rateLimit?: EventBusOptions['rateLimit']
  /** Schemas of the events that this process emits and receives, by type. Handlers get the schema's output. */
  readonly schemas?: EventBusOptions['schemas']
}

const COORDINATOR_OPTIONS = Object.keys({
  name: true,
  version: true,
  rateLimit: true,
  schemas: true,
  ...CONNECTION_FIELDS,
} satisfies Record<keyof CoordinatorOptions, true>)

/** One process's handle on all four primitives. Each is created on first use. */
export interface Coordinator<Events = StandardEvents> {
  readonly name: string
  readonly version?: string | undefined
  readonly locks: LockManager
  readonly events: EventBus<Events>
  readonly registry: ServiceRegistry
  /** Returns the server that answers requests to this CLI; the same one each time. @throws CliOpsError `CLOSED` */
  serve(): IPCServer
  /** Returns a client for the CLI of that name; the same one for each name. @throws CliOpsError `CLOSED` */
  connect(name: string): IPCClient
  /** Closes everything that was created. Further calls wait for the same end. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * Creates a coordinator. It does no I/O until one of its primitives is used.
 *
 * @throws TypeError when an option is wrong
 * @example
 * ```ts
 * const ops = createCoordinator({ name: 'cli-alpha' })
 * await ops.locks.acquire('task-database', async () => { … })
 * await ops.close() // from Node 24 on, `await using ops = …` does it
 * ```
 */
export function createCoordinator<Events = StandardEvents>(
  options: CoordinatorOptions,
): Coordinator<Events> {
  assertKnown('options', options, COORDINATOR_OPTIONS)
  const { name, version, rateLimit, schemas, ...connection } = options
  assertName('name', name)
  if (version !== undefined && typeof version !== 'string')
    throw new TypeError(`version must be a string, got ${describe(version)}`)
  resolveConnection(connection)
  if (rateLimit !== undefined) resolveRateLimit(rateLimit)
  if (schemas !== undefined) resolveSchemas(schemas)
  describeOwnProcess({ name })
  let locks: LockManager | undefined
  let events: EventBus<Events> | undefined
  let registry: ServiceRegistry | undefined
  let server: IPCServer | undefined
  const clients = new Map<string, IPCClient>()

  let closing = false

  const close = async (): Promise<void> => {
    closing = true
    const parts = [...clients.values(), server, registry, events, locks]
    const made = parts.filter((part) => part !== undefined)
    await Promise.all(made.map((part) => part.close()))
  }
  const assertOpen = (): void => {
    if (closing) throw closedError('this coordinator')
  }
  /** What is first used after `close` is closed as well: nobody would close it later. */
  const opened = <Part extends { close(): Promise<void> }>(part: Part): Part => {
    if (closing) void part.close()
    return part
  }
  const coordinator: Coordinator<Events> = {
    name,
    version,
    get locks() {
      return (locks ??= opened(new LockManager(connection)))
    },
    get events() {
      return (events ??= opened(new EventBus<Events>({ ...connection, rateLimit, schemas })))
    },
    get registry() {
      return (registry ??= opened(new ServiceRegistry(connection)))
    },
    serve() {
      assertOpen()
      return (server ??= new IPCServer(name, { ...connection, version }))
    },
    connect(target) {
      assertOpen()
      let client = clients.get(target)
      if (client === undefined) {
        client = new IPCClient(target, connection)
        clients.set(target, client)
      }
      return client
    },
    close,
    [Symbol.asyncDispose]: close,
  }
  return inspectedAs(coordinator, 'Coordinator', () => ({ name, version }))
}
