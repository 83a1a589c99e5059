import {
  CliOpsError,
  describeEngine,
  type ErrorCode,
  isCliOpsError,
} from '@cli-ops/shared-ipc/driver'

/** What SQLSTATEs mean here. `%s` stands for the server's own message. */
const MEANINGS: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  '28P01': ['FORBIDDEN', '%s (CLI_OPS_POSTGRES_USERNAME, CLI_OPS_POSTGRES_PASSWORD)'],
  '28000': ['FORBIDDEN', '%s'],
  '42501': ['FORBIDDEN', '%s; docs/guides/postgres.md lists the required rights'],
  '3D000': ['ENGINE_UNAVAILABLE', '%s; the URL path names the database'],
  '25006': [
    'ENGINE_UNAVAILABLE',
    'it is a read-only replica, or its transactions are read-only: %s',
  ],
  '53300': [
    'ENGINE_UNAVAILABLE',
    '%s (max_connections, or CONNECTION LIMIT of the role or the database)',
  ],
  '53100': ['ENGINE_UNAVAILABLE', 'its disk is full: %s'],
  '57014': ['ENGINE_UNAVAILABLE', 'no answer in time: %s'],
  CO001: ['UNSUPPORTED', '%s'],
}

/** The server is not a primary, or the schema has gone: try another server of the URL, or the same one later. */
const ELSEWHERE = ['25006', '3F000', '42P01', '42883']
/** The last message of a session that the server ends; its socket can still be open. */
const ENDED = ['57P01', '57P02', '57P03', '57P04', '57P05', '25P03', '25P04']
const STALE = new Set([...ELSEWHERE, ...ENDED])

/** Returns the error for an engine that cannot be used, without anything that might be secret. */
export function engineError(url: URL, reason: unknown): CliOpsError {
  if (isCliOpsError(reason)) return reason
  const said = reason instanceof Error ? reason.message : String(reason)
  const [code, text] = meaningOf(stateOf(reason), said)
  return new CliOpsError(
    code,
    `cannot use ${describeEngine(url)}: ${text.replace('%s', () => said)}`,
    {
      cause: withoutDetails(reason),
    },
  )
}

/** Returns whether the engine needs a new connection. */
export function isStale(reason: unknown): boolean {
  return STALE.has(stateOf(reason))
}

function meaningOf(state: string, said: string): readonly [ErrorCode, string] {
  // The client library's message if the server requires a password and none is set.
  if (/client password must be/u.test(said))
    return ['FORBIDDEN', 'it requires a password (CLI_OPS_POSTGRES_PASSWORD)']
  if (/does not support SSL/u.test(said))
    return ['ENGINE_UNAVAILABLE', `it has no TLS, which sslmode requires`]
  return MEANINGS[state] ?? ['ENGINE_UNAVAILABLE', '%s']
}

function stateOf(reason: unknown): string {
  const code = (reason as { readonly code?: unknown } | null)?.code
  return typeof code === 'string' ? code : ''
}

/** The client library attaches the statement's position and arguments to its errors. */
function withoutDetails(reason: unknown): unknown {
  if (!(reason instanceof Error)) return undefined
  const { message, name, code } = reason as NodeJS.ErrnoException
  return Object.assign(new Error(message), { name }, code === undefined ? {} : { code })
}
