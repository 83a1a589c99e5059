import {
  CliOpsError,
  ERROR_CODES,
  type ErrorCode,
  isCliOpsError,
  isObject,
  RequestRefused,
  RPC_ERROR,
  type WireError,
} from '@cli-ops/shared-ipc/driver'

import { linkEnded } from './link-ended.js'

const CODE = /^[A-Z_]{1,40}$/u

/** Returns an error fit for a client, without what must stay private, such as a fault of the hub. */
export function toRefusal(error: unknown): Error {
  if (isCliOpsError(error) || error instanceof RequestRefused) return error
  if (error instanceof TypeError)
    return new RequestRefused({ code: RPC_ERROR.invalidParams, message: error.message })
  return new RequestRefused({ code: RPC_ERROR.internal, message: 'the hub failed' })
}

/** Refuses a request that a hub shutting down has not begun: the client sends it again elsewhere. */
export function notBegun(): RequestRefused {
  return new RequestRefused({
    code: RPC_ERROR.closing,
    message: 'the hub is shutting down and did not start the request',
  })
}

/** Parses a hub's error. A newer hub's unknown code goes into the message. */
export function fromWireError({ code, message, data }: WireError): Error {
  if (code === RPC_ERROR.invalidParams) return new TypeError(message)
  if (code === RPC_ERROR.closing)
    return linkEnded(new CliOpsError('ENGINE_UNAVAILABLE', message), false)
  const facts = isObject(data) ? data : {}
  const { code: name, details } = facts
  if (typeof name !== 'string' || !CODE.test(name))
    return new CliOpsError('ENGINE_UNAVAILABLE', message)
  const known = knownCode(name)
  if (known === undefined) return new CliOpsError('ENGINE_UNAVAILABLE', `${name}: ${message}`)
  return new CliOpsError(known, message, isObject(details) ? { details } : {})
}

function knownCode(code: string): ErrorCode | undefined {
  return Object.hasOwn(ERROR_CODES, code) ? (code as ErrorCode) : undefined
}
