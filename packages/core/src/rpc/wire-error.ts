import { isObject } from '../base/validation/is-object.js'
import { CliOpsError, isCliOpsError } from '../base/errors/cli-ops-error.js'
import { toPlain } from '../base/validation/to-json.js'
import { RPC_ERROR, type RpcId, type WireError, type WireReply } from './contract/json-rpc.js'

/** Messages are for people; longer ones are cut. */
const MAX_MESSAGE_LENGTH = 4096

/** Creates an error reply. */
export function errorReply(id: RpcId, error: WireError): WireReply {
  return { jsonrpc: '2.0', id, error }
}

/**
 * Turns what a handler threw into the error of a reply: its message, its `code` if that is a string, and the details of a
 * `CliOpsError`. Leaves out the stack, which would reveal paths and code to every caller.
 */
export function toWireError(error: unknown): WireError {
  try {
    return describeError(error)
  } catch {
    // A getter of the thrown value throws itself.
    return { code: RPC_ERROR.handler, message: 'the handler failed' }
  }
}

function describeError(error: unknown): WireError {
  const message = messageOf(error).slice(0, MAX_MESSAGE_LENGTH)
  const code = isObject(error) ? error['code'] : undefined
  if (typeof code !== 'string') return { code: RPC_ERROR.handler, message }
  const details = isCliOpsError(error) ? jsonOrNothing(error.details) : undefined
  return {
    code: RPC_ERROR.handler,
    message,
    data: details === undefined ? { code } : { code, details },
  }
}

/** Turns the error of a reply into the error for the caller. */
export function fromWireError(error: WireError, server: string, method: string): CliOpsError {
  const details = { method, server, error }
  const said = error.message.slice(0, MAX_MESSAGE_LENGTH)
  switch (error.code) {
    case RPC_ERROR.invalidParams:
      return new CliOpsError(
        'INVALID_MESSAGE',
        `${server} rejected the parameters of ${JSON.stringify(method)}: ${said}`,
        { details },
      )
    case RPC_ERROR.messageTooLarge:
      return new CliOpsError('MESSAGE_TOO_LARGE', `${server}: ${said}`, { details })
    case RPC_ERROR.deadline:
      return new CliOpsError(
        'REQUEST_TIMEOUT',
        `${server} gave up on ${JSON.stringify(method)} at its deadline; the outcome is unknown`,
        { details },
      )
    case RPC_ERROR.closing:
      return new CliOpsError(
        'NO_RESPONDER',
        `${server} is shutting down and did not start ${JSON.stringify(method)}; try again`,
        { details },
      )
    default:
      return new CliOpsError(
        'REMOTE_ERROR',
        `${server} failed ${JSON.stringify(method)}: ${said}`,
        { details },
      )
  }
}

function messageOf(error: unknown): string {
  if (typeof error === 'string') return error
  const message = isObject(error) ? error['message'] : undefined
  return typeof message === 'string' && message !== '' ? message : 'the handler failed'
}

function jsonOrNothing(value: unknown): unknown {
  try {
    return value === undefined ? undefined : toPlain('details', value)
  } catch {
    return undefined
  }
}
