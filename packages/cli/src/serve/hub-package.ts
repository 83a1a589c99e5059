import type * as hub from '@cli-ops/driver-websocket/hub'
import { driverMissing } from '@cli-ops/shared-ipc/ops'

const NAME = '@cli-ops/driver-websocket'
const REMEDY = '"serve" needs a package:'

/** Loads the hub, which is a separate package. @throws CliOpsError `DRIVER_MISSING`, naming what to install */
export async function loadHub(): Promise<typeof hub> {
  try {
    return await import('@cli-ops/driver-websocket/hub')
  } catch (error) {
    throw driverMissing(error, NAME, REMEDY) ?? error
  }
}
