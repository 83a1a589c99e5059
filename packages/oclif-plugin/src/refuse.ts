import { EXIT_BUSY, type Refusal, sayRefusal } from '@cli-ops/shared-ipc/lifecycle'

import type { CommandInstance } from './command-class.js'

/**
 * Stands for the `run` of a command whose lock was not to be had. Under `--json` the error goes through oclif, which
 * prints it as JSON; else the kit's own line on stderr says it all and oclif prints nothing. Exit code 75 either way.
 */
export async function refuse(command: CommandInstance, refusal: Refusal): Promise<undefined> {
  const { reason, error } = refusal
  const isJson = command.jsonEnabled?.() === true
  if (reason === 'skipped' || !isJson) sayRefusal(refusal)
  if (reason === 'skipped') return undefined
  throw Object.assign(new Error(error.message), {
    code: error.code,
    exitCode: EXIT_BUSY,
    oclif: { exit: EXIT_BUSY },
    skipOclifErrorHandling: true,
  })
}
