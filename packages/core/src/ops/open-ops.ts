import { type Coordinator, createCoordinator } from '../coordinator/create-coordinator.js'
import { storageError } from '../drivers/local/home/home.js'
import type { EventEnvelope } from '../events/contract/event-types.js'
import { withHomeConfig } from '../command/options/home-config.js'
import {
  type Connection,
  type ConnectionOptions,
  resolveConnection,
} from '../engine/connection-options.js'
import { describeOwnProcess } from '../base/process/own-process.js'
import { warnOnce } from '../base/terminal/message.js'
import { keptEvents } from './kept-events.js'
import type { LockTurn } from './lock-turns.js'
import { readLockTurns } from './read-lock-turns.js'

/** A place to inspect, and the means to do so. */
export interface OpsHandle {
  readonly coordinator: Coordinator
  readonly connection: Connection
  /** Options for the kit's classes to work there. */
  readonly options: ConnectionOptions
  /** Reads the kept events, oldest first; unlike `coordinator.events`, creates no directory. */
  keptEvents(): Promise<readonly EventEnvelope[]>
  /** Reads the finished turns of locks, oldest first. */
  lockTurns(): Promise<readonly LockTurn[]>
  /** Describes an error for people; a disk failure names the home and the remedy. */
  explain(error: unknown): string
}

/**
 * Opens the place where the CLI of that name works, according to its options, the environment and the home's
 * `config.json`, even if `CLI_OPS_DISABLED` is set. Registers, emits and creates nothing. The caller closes the
 * coordinator.
 *
 * @throws TypeError if an option is wrong
 */
export function openOps(name: string, given: ConnectionOptions = {}): OpsHandle {
  describeOwnProcess({ name })
  const { home, namespace, url } = configured(name, given)
  const options = { home, namespace, url, disabled: false }
  const connection = resolveConnection(options)
  const coordinator = createCoordinator({ ...options, name })
  return {
    coordinator,
    connection,
    options,
    keptEvents: () => keptEvents({ coordinator, connection }, '*', 'earliest'),
    lockTurns: () => readLockTurns({ coordinator, connection }),
    explain: (caught) => {
      const error = storageError(caught, connection.home)
      return error instanceof Error ? error.message : String(error)
    },
  }
}

/** A broken `config.json` must not keep a person from looking; `doctor` reports what is wrong with it. */
function configured(name: string, given: ConnectionOptions): ConnectionOptions {
  try {
    return withHomeConfig(resolveConnection(given).home, [name], given).options
  } catch (error) {
    if (!(error instanceof TypeError) || error.cause === undefined) throw error
    warnOnce('home-config', `${error.message}; continuing without it`)
    return given
  }
}
