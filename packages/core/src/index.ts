export { CliOpsError, isCliOpsError, type CliOpsErrorOptions } from './errors/cli-ops-error.js'
export { ERROR_CODES, type ErrorCode } from './errors/error-codes.js'
export { openDriver } from './drivers/open-driver.js'
