import { openOps, type OpsHandle, withinTime } from '@cli-ops/shared-ipc/ops'

/** Exit code for an argument or a variable that is wrong. */
const EXIT_WRONG = 2
const CLOSE_MS = 500

/**
 * Opens the place where `cli-ops` looks, and closes it after use. Resolves to what `use` does; to 2, having said why, where
 * the environment names no such place.
 */
export async function withOpenOps<T>(use: (context: OpsHandle) => Promise<T>): Promise<T | 2> {
  let context: OpsHandle
  try {
    context = openOps('cli-ops')
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    process.stderr.write(`cli-ops: ${error.message}\n`)
    return EXIT_WRONG
  }
  try {
    return await use(context)
  } finally {
    await atMost(context.coordinator.close())
  }
}

/** Waits for something to be closed: an engine that does not answer must not keep anybody here. */
export async function atMost(closed: Promise<unknown>): Promise<void> {
  await withinTime(closed, CLOSE_MS)
}
