import { noteRateLimitSource } from '../events/resolve-rate-limit.js'
import type { StandardEvents } from '../events/standard-events.js'
import { CliOpsError } from '../base/errors/cli-ops-error.js'
import { type Coordinator, createCoordinator } from './create-coordinator.js'
import { disabledCli } from './disabled-cli.js'
import { type RunningCli, runningCli } from './running-cli.js'

const coordinators = new WeakMap<RunningCli, Coordinator>()

/**
 * Returns the coordinator of the running CLI, inside any handler of a CLI that uses a plugin. It is created on first use; later calls
 * return the same one. If the plugin is disabled, it does nothing.
 *
 * @typeParam Events the data of each event type; the options' `schemas` check it
 * @throws CliOpsError `UNSUPPORTED` if no plugin is in use
 * @example
 * ```ts
 * await useOps().locks.acquire('task-database', async () => { … })
 * ```
 */
export function useOps<Events = StandardEvents>(): Coordinator<Events> {
  const cli = runningCli() ?? disabledCli()
  if (cli === undefined) {
    throw new CliOpsError(
      'UNSUPPORTED',
      'useOps() works inside a command of a CLI that uses a cli-ops plugin; elsewhere use createCoordinator()',
    )
  }
  const existing = coordinators.get(cli)
  if (existing !== undefined) return existing
  const { name, version, connection, rateLimit, schemas, isRateLimitOfHome = false } = cli
  if (typeof rateLimit === 'object') {
    const place = isRateLimitOfHome
      ? "in the home's config.json"
      : 'by the option rateLimit of cliOps()'
    noteRateLimitSource(rateLimit, place)
  }
  const coordinator = createCoordinator<Events>({
    ...connection,
    name,
    version,
    rateLimit,
    schemas,
  })
  coordinators.set(cli, coordinator)
  return coordinator
}
