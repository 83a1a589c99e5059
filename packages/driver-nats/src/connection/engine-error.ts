import {
  CliOpsError,
  describeEngine,
  type ErrorCode,
  isCliOpsError,
} from '@cli-ops/shared-ipc/driver'
import { AuthorizationError, PermissionViolationError } from '@nats-io/transport-node'

const CREDENTIALS =
  'CLI_OPS_NATS_USERNAME, CLI_OPS_NATS_PASSWORD, or CLI_OPS_NATS_CREDS_FILE; a token is a password without a username'

/** Remedies for a server whose limits are too low. */
const REMEDIES: readonly (readonly [pattern: RegExp, remedy: string])[] = [
  [/max_payload|maximum payload/iu, "; raise the server's max_payload"],
  [
    /insufficient (?:storage )?resources|no space left|resource limits exceeded/iu,
    "; JetStream's store is full: raise the server's max_file_store or the account's limit, or delete streams",
  ],
  [
    /^(?:maximum (?:messages|bytes) exceeded|message size exceeds maximum)/u,
    '; the stream has been given a limit that the driver does not set: remove it (nats stream edit)',
  ],
  [
    /^maximum (?:number of streams|consumers)/u,
    "; raise the account's limit of JetStream streams or consumers",
  ],
]

/** An error reply from JetStream. */
export class JetStreamError extends Error {
  /** JetStream's error code: 10071 is a wrong last sequence. */
  readonly errCode: number

  constructor(errCode: number, description: string) {
    super(description)
    this.errCode = errCode
  }
}

/** The JetStream error codes that the driver handles. */
export const JS = {
  noMessage: 10037,
  noMessageToDelete: 10057,
  noStream: 10059,
  nameInUse: 10058,
  wrongSequence: 10071,
  notEnabled: 10076,
  notEnabledForAccount: 10039,
} as const

/** Returns the error for an engine that cannot be used, without anything that might be secret. */
export function engineError(url: URL, reason: unknown): CliOpsError {
  if (isCliOpsError(reason)) return reason
  const [code, text] = meaningOf(reason)
  return new CliOpsError(code, `cannot use ${describeEngine(url)}: ${text}`, {
    cause: withoutDetails(reason),
  })
}

/** A full server ends a connection, often before the client library has read why. */
const CUT = /maximum connections|ECONNRESET|EPIPE|connection (?:ended|closed)/iu

/** Like {@link engineError}, for a connection that could not be made. */
export function connectError(url: URL, reason: unknown): CliOpsError {
  const known = engineError(url, reason)
  if (known.code !== 'ENGINE_UNAVAILABLE' || !CUT.test(known.message)) return known
  const remedy =
    'the server, or the account, may have as many connections as max_connections allows'
  return new CliOpsError(known.code, `${known.message}; ${remedy}`, { cause: known.cause })
}

function meaningOf(reason: unknown): readonly [ErrorCode, string] {
  const said = reason instanceof Error ? reason.message : String(reason)
  if (reason instanceof PermissionViolationError)
    return [
      'FORBIDDEN',
      `no permission for ${reason.operation} on ${reason.subject}; docs/guides/nats.md lists the required rights`,
    ]
  if (reason instanceof AuthorizationError) return ['FORBIDDEN', `${said} (${CREDENTIALS})`]
  if (reason instanceof JetStreamError && reason.errCode === JS.notEnabled)
    return ['UNSUPPORTED', `${said}; start it with JetStream (nats-server -js)`]
  if (reason instanceof JetStreamError && reason.errCode === JS.notEnabledForAccount)
    return ['UNSUPPORTED', `${said}; enable it (accounts { <name> { jetstream: enabled } })`]
  const cause = reason instanceof Error ? reason.cause : undefined
  const why = cause instanceof Error && cause.message !== said ? `: ${cause.message}` : ''
  const [, remedy = ''] = REMEDIES.find(([pattern]) => pattern.test(`${said}${why}`)) ?? []
  return ['ENGINE_UNAVAILABLE', `${said || 'the connection ended'}${why}${remedy}`]
}

/** The client library attaches its options to some of its errors. */
function withoutDetails(reason: unknown): unknown {
  if (!(reason instanceof Error)) return undefined
  return Object.assign(new Error(reason.message), { name: reason.name })
}
