import { createCoordinator } from '../coordinator/create-coordinator.js'
import { say } from '../diagnostics/message.js'
import { isCliOpsError } from '../errors/cli-ops-error.js'
import { type ConnectionOptions, resolveConnection } from '../options/connection-options.js'
import { cleanUp } from './clean.js'
import { runDoctor } from './doctor.js'
import { listEvents } from './list-events.js'
import { listInstances } from './list-instances.js'
import { listLocks } from './list-locks.js'
import type { OpsRun } from './ops-context.js'
import { releaseLock } from './release-lock.js'
import { showStatus } from './show-status.js'

const RUNS: ReadonlyMap<string, OpsRun> = new Map([
  ['status', showStatus],
  ['locks', listLocks],
  ['locks release', releaseLock],
  ['events', listEvents],
  ['ps', listInstances],
  ['clean', cleanUp],
  ['doctor', runDoctor],
])

/** What a framework hands over of one `ops` command. */
export interface OpsCall extends ConnectionOptions {
  /** Name of the CLI that mounts the commands. */
  readonly name: string
  /** Path of the command, as in `OPS_COMMANDS`. */
  readonly path: string
  readonly args: readonly string[]
  readonly options: Readonly<Record<string, unknown>>
}

/**
 * Runs one of the `ops` commands: results go to stdout, failures as one line to stderr. Resolves to the exit code:
 * 0 when done, 1 when something was found or not there, 2 when an argument is wrong.
 */
export async function runOps(call: OpsCall): Promise<number> {
  const { name, path, args, options, ...connection } = call
  const run = RUNS.get(path)
  if (run === undefined)
    throw new TypeError(`path must be one of ${[...RUNS.keys()].join(', ')}, got "${path}"`)
  const ended = new AbortController()
  const coordinator = createCoordinator({ ...connection, name })
  try {
    return await run({
      coordinator,
      connection: resolveConnection(connection),
      args,
      options,
      signal: ended.signal,
      print: (json, text) => {
        process.stdout.write(options['json'] === true ? `${JSON.stringify(json)}\n` : `${text}\n`)
      },
    })
  } catch (error) {
    if (!isCliOpsError(error) && !(error instanceof TypeError)) throw error
    say(error.message)
    return error instanceof TypeError ? 2 : 1
  } finally {
    ended.abort()
    await coordinator.close()
  }
}
