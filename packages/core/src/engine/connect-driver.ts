import { CliOpsError, isCliOpsError } from '../base/errors/cli-ops-error.js'
import type { CreateDriver, Driver, DriverOptions } from '../drivers/driver.js'
import { settleWithin } from '../base/wait/race.js'

/**
 * Creates a driver and connects it within the engine's time limit. Closes it again if that fails.
 *
 * @throws CliOpsError `ENGINE_UNAVAILABLE`, or the driver's error
 */
export async function connectDriver(
  createDriver: CreateDriver,
  options: DriverOptions,
): Promise<Driver> {
  const driver = createDriver(options)
  const deadline = new AbortController()
  const { timeoutMs, url } = options
  const began = performance.now()
  const late = (): Error => {
    const message = `${describeEngine(url)} did not answer within ${timeoutMs} ms; check its host and port, and whether it uses TLS`
    const reason = new CliOpsError('ENGINE_UNAVAILABLE', message)
    deadline.abort(reason)
    return reason
  }
  try {
    await settleWithin({ timeoutMs, late }, () => driver.open?.(deadline.signal))
    return driver
  } catch (error) {
    const leftMs = Math.max(0, timeoutMs - (performance.now() - began))
    await settleWithin({ timeoutMs: leftMs, late }, () => driver.close()).catch(() => undefined)
    if (isCliOpsError(error)) throw error
    const reason = error instanceof Error ? error.message : String(error)
    throw new CliOpsError('ENGINE_UNAVAILABLE', `cannot use ${describeEngine(url)}: ${reason}`, {
      cause: error,
    })
  }
}

/** Names an engine for people, without the secrets that a URL can contain. */
export function describeEngine({ protocol, host, pathname, searchParams }: URL): string {
  const hosts = [host, ...searchParams.getAll('host')].join(',')
  return `${protocol}//${hosts}${pathname}`
}
