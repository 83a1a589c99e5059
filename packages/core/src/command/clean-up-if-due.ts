import { monotonicMs } from '../base/process/monotonic-time.js'
import type { UsualDriver } from '../drivers/local/usual-driver.js'

/** Commands that start within this time do not repeat a clean-up. */
const INTERVAL_MS = 60_000
/** How long a start can spend cleaning up; the next start does the rest. */
const BUDGET_MS = 20

/** Removes what dead processes left; one command a minute does this for all. */
export function cleanUpIfDue(driver: UsualDriver): void {
  driver.cleanUpIfDue(INTERVAL_MS, () => monotonicMs() + BUDGET_MS)
}
