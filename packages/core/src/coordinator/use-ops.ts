import { CliOpsError } from '../errors/cli-ops-error.js'
import type { Coordinator } from './create-coordinator.js'

const KEY = Symbol.for('cli-ops.running-coordinator')
type Global = typeof globalThis & { [KEY]?: () => Coordinator }

/**
 * Returns the coordinator of the running CLI, inside any handler of a CLI that uses a plugin.
 *
 * @throws CliOpsError `UNSUPPORTED` where no plugin is in use
 * @example
 * ```ts
 * await useOps().locks.acquire('task-database', async () => { … })
 * ```
 */
export function useOps(): Coordinator {
  const running = (globalThis as Global)[KEY]
  if (running === undefined) {
    throw new CliOpsError(
      'UNSUPPORTED',
      'useOps() works inside a command of a CLI that uses a cli-ops plugin; elsewhere use createCoordinator()',
    )
  }
  return running()
}

/** Sets what `useOps` returns; made only when it is asked for. */
export function setRunningCoordinator(coordinator: () => Coordinator): void {
  ;(globalThis as Global)[KEY] = coordinator
}
