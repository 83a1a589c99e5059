import { CliOpsError, isCliOpsError } from '../errors/cli-ops-error.js'
import type { CreateDriver, Driver, DriverOptions } from './driver.js'

/**
 * Makes a driver and connects it, within the time that the engine has to answer. What cannot be connected is closed again.
 *
 * @throws CliOpsError `ENGINE_UNAVAILABLE`, or what the driver says
 */
export async function connectDriver(
  createDriver: CreateDriver,
  options: DriverOptions,
): Promise<Driver> {
  const driver = createDriver(options)
  const deadline = new AbortController()
  const { timeoutMs, url } = options
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      const reason = new CliOpsError(
        'ENGINE_UNAVAILABLE',
        `${describeEngine(url)} did not answer within ${timeoutMs} ms`,
      )
      deadline.abort(reason)
      reject(reason)
    }, timeoutMs)
  })
  try {
    await Promise.race([driver.open?.(deadline.signal), limit])
    return driver
  } catch (error) {
    await Promise.race([driver.close(), limit]).catch(() => undefined)
    if (isCliOpsError(error)) throw error
    const reason = error instanceof Error ? error.message : String(error)
    throw new CliOpsError('ENGINE_UNAVAILABLE', `cannot use ${describeEngine(url)}: ${reason}`, {
      cause: error,
    })
  } finally {
    clearTimeout(timer)
  }
}

/** Names an engine for people, without what a URL may hold of secrets. */
export function describeEngine({ protocol, host, pathname }: URL): string {
  return `${protocol}//${host}${pathname}`
}
