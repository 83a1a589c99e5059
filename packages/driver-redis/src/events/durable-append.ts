import {
  CliOpsError,
  type Cursor,
  describeEngine,
  type DriverOptions,
} from '@cli-ops/shared-ipc/driver'

import type { NodeLocation } from '../connection/node-location.js'
import { RedisConnection } from '../connection/redis-connection.js'
import type { ScriptCall } from '../connection/script.js'
import { APPEND } from './event-scripts.js'

/** Without its own deadline the server would wait for a replica forever. */
const CONFIRM_PART = 0.8

/**
 * Appends events that have to survive a crash, on a separate connection: while the server waits for the disk and for
 * replicas, it answers nothing else on it.
 */
export class DurableAppend {
  readonly #options: DriverOptions
  readonly #connection: RedisConnection

  constructor(options: DriverOptions, location: NodeLocation) {
    this.#options = options
    this.#connection = new RedisConnection(options, location)
  }

  /**
   * Resolves to the cursors once the events are on the server's disk, and on most of the nodes if it has replicas.
   *
   * @throws CliOpsError `UNSUPPORTED` if the server cannot promise that, and nothing is stored; `ENGINE_UNAVAILABLE` if
   *   it did not manage it in time, and the events can be lost with this server
   */
  async append(call: ScriptCall): Promise<Cursor[]> {
    const connection = this.#connection
    await this.#assertDisk()
    const [replicas, ...cursors] = (await APPEND.run(connection, call).catch((error: unknown) => {
      if (error instanceof Error && error.message.includes('NOTDURABLE'))
        throw this.#unsupported('it has no append-only file (appendonly no)')
      throw error
    })) as [number, ...Cursor[]]
    // A majority of the nodes, the primary included.
    const needed = Math.floor((replicas + 1) / 2)
    const waitMs = Math.round(this.#options.timeoutMs * CONFIRM_PART)
    if (this.#knowsWaitAof) {
      const [here, there] = (await connection.call(['WAITAOF', 1, needed, waitMs])) as number[]
      this.#assertConfirmed(Number(here) >= 1 ? Number(there) : -1, needed)
    } else if (needed > 0) {
      this.#assertConfirmed(Number(await connection.call(['WAIT', needed, waitMs])), needed)
    }
    return cursors
  }

  close(): void {
    this.#connection.close()
  }

  /** Redis before 7.2 cannot wait for its disk: it must write before it replies. */
  async #assertDisk(): Promise<void> {
    await this.#connection.connect()
    if (this.#knowsWaitAof) return
    const policy = await this.#connection.call(['CONFIG', 'GET', 'appendfsync']).catch(() => [])
    const [, value] = policy as (string | undefined)[]
    if (value === 'always') return
    throw this.#unsupported(
      value === undefined
        ? 'before Redis 7.2 that needs "appendfsync always", and the right +config|get to check it'
        : `before Redis 7.2 that needs "appendfsync always", but it is "${value}"`,
    )
  }

  get #knowsWaitAof(): boolean {
    const { facts } = this.#connection
    return facts?.knowsWaitAof === true
  }

  #assertConfirmed(confirmed: number, needed: number): void {
    if (confirmed >= needed) return
    const url = describeEngine(this.#options.url)
    throw new CliOpsError(
      'ENGINE_UNAVAILABLE',
      `${url} stored the event, but ${confirmed < 0 ? 'its disk' : `${needed} of its replicas`} did not confirm it in time: the event can be lost with this server`,
    )
  }

  #unsupported(reason: string): CliOpsError {
    const url = describeEngine(this.#options.url)
    return new CliOpsError('UNSUPPORTED', `${url} cannot store events durably: ${reason}`)
  }
}
