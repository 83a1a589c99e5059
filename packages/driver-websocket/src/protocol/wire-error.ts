import { CliOpsError, ERROR_CODES, type ErrorCode, isCliOpsError } from '@cli-ops/shared-ipc/driver'

/** The error of a JSON-RPC response. */
export interface WireError {
  readonly code: number
  readonly message: string
  readonly data?: { readonly code: string; readonly details?: unknown }
}

/** JSON-RPC: the params are not as they have to be. */
const INVALID_PARAMS = -32_602
/** JSON-RPC: something went wrong that the peer cannot know anything about. */
const INTERNAL_ERROR = -32_603
/** Of the range that JSON-RPC leaves to servers; `data.code` says which one. */
const CLI_OPS_ERROR = -32_000

const CODE = /^[A-Z_]{1,40}$/u

/** Writes an error for the peer. What is not meant for it, such as a fault of the hub, is not told. */
export function toWireError(error: unknown): WireError {
  if (isCliOpsError(error)) {
    const { code, message, details } = error
    return {
      code: CLI_OPS_ERROR,
      message,
      data: details === undefined ? { code } : { code, details },
    }
  }
  if (error instanceof TypeError) return { code: INVALID_PARAMS, message: error.message }
  return { code: INTERNAL_ERROR, message: 'the hub failed' }
}

/** Reads the error of a peer. A code of a newer hub that is not known here is told in the message. */
export function fromWireError(error: unknown): Error {
  const { code, message, data } = (error ?? {}) as Partial<WireError>
  const text = typeof message === 'string' ? message : 'the hub gave no reason'
  if (code === INVALID_PARAMS) return new TypeError(text)
  if (typeof data?.code === 'string' && CODE.test(data.code)) {
    const known = knownCode(data.code)
    const details = isObject(data.details) ? { details: data.details } : {}
    if (known !== undefined) return new CliOpsError(known, text, details)
    return new CliOpsError('ENGINE_UNAVAILABLE', `${data.code}: ${text}`)
  }
  return new CliOpsError('ENGINE_UNAVAILABLE', text)
}

function knownCode(code: string): ErrorCode | undefined {
  return Object.hasOwn(ERROR_CODES, code) ? (code as ErrorCode) : undefined
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
