/** Commands that start within this time do not repeat a clean-up. */
export const CLEAN_UP_INTERVAL_MS = 60_000
/** How long a start can spend cleaning up; the next start does the rest. */
export const CLEAN_UP_BUDGET_MS = 20
