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

/** Where somebody looks, and what with. */
export interface OpsHandle {
  readonly coordinator: Coordinator
  readonly connection: Connection
  /** What the classes of the kit have to be given to work there. */
  readonly options: ConnectionOptions
  /** Reads the events that are kept, oldest first; unlike `coordinator.events` it makes no directory. */
  keptEvents(): Promise<readonly EventEnvelope[]>
  /** Reads the turns of locks that have ended, oldest first. */
  lockTurns(): Promise<readonly LockTurn[]>
  /** Says what went wrong in words for people; a failure of the disk names the home and the remedy. */
  explain(error: unknown): string
}

/**
 * Opens the place where the CLI of that name works, by its options, the environment and the home's `config.json`, also
 * where `CLI_OPS_DISABLED` is set. Nothing is registered, emitted or made; whoever opened it closes the coordinator.
 *
 * @throws TypeError when an option is wrong
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

/** Whoever looks is not kept from looking by a `config.json` that cannot be used: `doctor` says what is wrong with it. */
function configured(name: string, given: ConnectionOptions): ConnectionOptions {
  try {
    return withHomeConfig(resolveConnection(given).home, [name], given).options
  } catch (error) {
    if (!(error instanceof TypeError) || error.cause === undefined) throw error
    warnOnce('home-config', `${error.message}; going on without it`)
    return given
  }
}
