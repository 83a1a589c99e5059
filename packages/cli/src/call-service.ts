import { isCliOpsError } from '@cli-ops/shared-ipc'
import { type OpsRun, parseDuration, say } from '@cli-ops/shared-ipc/ops'

import { readJsonArgument } from './json-argument.js'
import { EXIT_TIMED_OUT } from './exit-codes.js'

/** `call <name> <method> [json]`. */
export const callService: OpsRun = async ({ coordinator, args, options, print }) => {
  const [name = '', method = '', json] = args
  const timeoutMs = parseDuration('--timeout', options['timeout'])
  const waitMs = parseDuration('--wait', options['wait'])
  const instance = options['instance'] as string | undefined
  const params = await readJsonArgument(json, options)
  const client = coordinator.connect(name)
  try {
    const result = await client.call(method, params, { timeoutMs, waitMs, instance })
    print(result ?? null, JSON.stringify(result ?? null, null, 2))
    return 0
  } catch (error) {
    if (!isCliOpsError(error, 'REQUEST_TIMEOUT')) throw error
    say(error.message)
    return EXIT_TIMED_OUT
  }
}
