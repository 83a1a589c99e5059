import { EXIT_BUSY, type Refusal, sayRefusal } from '@cli-ops/shared-ipc/lifecycle'

import type { CommandInstance } from './command-class.js'

/** What oclif reads of an error to end with its exit code. */
interface OclifError extends Error {
  readonly oclif: { readonly exit: number }
  readonly exitCode: number
  readonly skipOclifErrorHandling: boolean
}

/**
 * Ends a command whose lock was not to be had. Under `--json` the error goes through oclif, which prints it as JSON;
 * else the kit's own line on stderr says it all and oclif prints nothing. Exit code 75 either way.
 */
export async function refuse(command: CommandInstance, refusal: Refusal): Promise<unknown> {
  const isJson = command.jsonEnabled?.() === true
  if (refusal.reason === 'skipped') {
    sayRefusal(refusal)
    return undefined
  }
  if (!isJson) sayRefusal(refusal)
  const { code, message } = refusal.error
  const facts = { code, oclif: { exit: EXIT_BUSY }, exitCode: EXIT_BUSY, skipOclifErrorHandling: true }
  throw Object.assign(new Error(message), facts) as OclifError
}
