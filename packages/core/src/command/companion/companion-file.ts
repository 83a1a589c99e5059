import { CliOpsError } from '../../base/errors/cli-ops-error.js'
import { DRIVER_PACKAGES } from '../../engine/driver-packages.js'
import { installCommand } from '../../engine/install-command.js'

const PROCESS = '@cli-ops/shared-ipc/command/companion'
const KIT = '@cli-ops/shared-ipc'

/**
 * The file that a companion runs, which needs one of its own; and a program that is one executable is started again by `process.execPath`.
 *
 * @param urls the engines that it is to use
 * @throws CliOpsError `UNSUPPORTED` in a bundled program with nothing beside it
 */
export function companionFile(urls: readonly string[]): string {
  try {
    return require.resolve(PROCESS)
  } catch (error) {
    const drivers = urls.map((url) => DRIVER_PACKAGES.get(/^[^:]*:/u.exec(url)?.[0] ?? '')?.name)
    const packages = [...new Set([KIT, ...drivers])].filter((name) => name !== undefined).join(' ')
    const reason = `a bundled program needs packages beside it to use an engine: ${installCommand()} ${packages}`
    throw new CliOpsError('UNSUPPORTED', reason, { cause: error })
  }
}
