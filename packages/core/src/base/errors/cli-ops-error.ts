import { ERROR_CODES, type ErrorCode } from './error-codes.js'
import { BRAND, isCliOpsError } from './is-cli-ops-error.js'

export { isCliOpsError }

/** Options of a {@link CliOpsError}. */
export interface CliOpsErrorOptions {
  /** The underlying error, kept as `error.cause`. */
  readonly cause?: unknown
  /** Structured facts for programs: who holds the lock, which field is wrong, how long to wait. */
  readonly details?: Readonly<Record<string, unknown>>
}

/**
 * The only error class of the kit. `code` identifies the error and is stable; the message is one line for people and can change. Wrong
 * arguments throw a plain `TypeError` instead.
 */
export class CliOpsError extends Error {
  /** Kept where bundlers rename classes: Node shows it above an uncaught error. */
  static override readonly name = 'CliOpsError'
  readonly code: ErrorCode
  /** True if the same call can succeed later without manual changes. */
  readonly retryable: boolean
  readonly details?: Readonly<Record<string, unknown>>

  constructor(code: ErrorCode, message: string, options: CliOpsErrorOptions = {}) {
    if (!Object.hasOwn(ERROR_CODES, code))
      throw new TypeError(`code must be one of ERROR_CODES, got ${JSON.stringify(code)}`)
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'CliOpsError'
    this.code = code
    this.retryable = ERROR_CODES[code].retryable
    if (options.details !== undefined) this.details = options.details
    Object.defineProperty(this, BRAND, { value: true })
  }

  /** A process can contain two copies of the kit, a CLI's and its plugin's: an error of one is also an error of the other. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return isCliOpsError(value)
  }
}
