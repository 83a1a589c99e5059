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

/** Without a deadline of its own the server would wait for a replica as long as it takes. */
const CONFIRM_PART = 0.8

/**
 * Appends events that have to outlive a crash, on a connection of its own: the server answers nothing else on it while it waits for the
 * disk and for replicas.
 */
export class DurableAppend {
  readonly #options: DriverOptions
  readonly #connection: RedisConnection

  constructor(options: DriverOptions, location: NodeLocation) {
    this.#options = options
    this.#connection = new RedisConnection(options, location)
  }

  /**
   * Resolves to the cursors once the events are on the disk of the server, and on most of the nodes where it has replicas.
   *
   * @throws CliOpsError `UNSUPPORTED` where the server cannot promise that, and nothing is stored; `ENGINE_UNAVAILABLE` where it
   *   could not in time, and the events may be lost with this server
   */
  async append(call: ScriptCall): Promise<Cursor[]> {
    const connection = this.#connection
    await this.#assertDisk()
    const [replicas, ...cursors] = (await APPEND.run(connection, call).catch((error: unknown) => {
      if (error instanceof Error && error.message.includes('NOTDURABLE'))
        throw this.#unsupported('it has no append-only file (appendonly no)')
      throw error
    })) as [number, ...Cursor[]]
    // A majority of the nodes, the primary among them.
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

  /** Redis before 7.2 has no way to wait for its disk: it must write before it replies. */
  async #assertDisk(): Promise<void> {
    await this.#connection.connect()
    if (this.#knowsWaitAof) return
    const policy = await this.#connection.call(['CONFIG', 'GET', 'appendfsync']).catch(() => [])
    const [, value] = policy as (string | undefined)[]
    if (value === 'always') return
    throw this.#unsupported(
      value === undefined
        ? 'before Redis 7.2 that needs "appendfsync always", and the right +config|get to see it'
        : `before Redis 7.2 that needs "appendfsync always", and it is "${value}"`,
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
      `${url} has stored the event, and ${confirmed < 0 ? 'its disk' : `${needed} of its replicas`} did not confirm that in time: it may be lost with this server`,
    )
  }

  #unsupported(reason: string): CliOpsError {
    const url = describeEngine(this.#options.url)
    return new CliOpsError('UNSUPPORTED', `${url} cannot store events durably: ${reason}`)
  }
}
