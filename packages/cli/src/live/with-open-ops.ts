import { openOps, type OpsHandle, withinTime } from '@cli-ops/shared-ipc/ops'

import { EXIT_USAGE } from '../exit-codes.js'

const CLOSE_MS = 500

/**
 * Opens the place where `cli-ops` works, and closes it after use. Resolves to the result of `use`; if the environment names
 * no valid place, reports why and resolves to 2.
 */
export async function withOpenOps<T>(use: (context: OpsHandle) => Promise<T>): Promise<T | 2> {
  let context: OpsHandle
  try {
    context = openOps('cli-ops')
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    process.stderr.write(`cli-ops: ${error.message}\n`)
    return EXIT_USAGE
  }
  try {
    return await use(context)
  } finally {
    await atMost(context.coordinator.close())
  }
}

/** Waits for a close up to a limit: an engine that does not answer must not delay the exit. */
export async function atMost(closed: Promise<unknown>): Promise<void> {
  await withinTime(closed, CLOSE_MS)
}
