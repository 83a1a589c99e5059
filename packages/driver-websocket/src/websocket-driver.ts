import type { Driver, DriverOptions } from '@cli-ops/shared-ipc/driver'
import { CliOpsError } from '@cli-ops/shared-ipc/driver'
import { WebSocket } from 'ws'

/** Makes the driver for a hub. */
export function createDriver({ url }: DriverOptions): Driver {
  const message = `the driver is being built: ${WebSocket.name} to ${url.host}`
  throw new CliOpsError('UNSUPPORTED', message)
}
