import {
  CliOpsError,
  describeEngine,
  type ErrorCode,
  isCliOpsError,
} from '@cli-ops/shared-ipc/driver'

/** SQLSTATEs, and what they mean here. The text is for people; `%s` is what the server says. */
const MEANINGS: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  '28P01': ['FORBIDDEN', '%s (CLI_OPS_POSTGRES_USERNAME, CLI_OPS_POSTGRES_PASSWORD)'],
  '28000': ['FORBIDDEN', '%s'],
  '42501': ['FORBIDDEN', '%s; the rights that are needed: docs/guides/postgres.md'],
  '3D000': ['ENGINE_UNAVAILABLE', '%s; the path of the URL names it'],
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

/** Another server of the URL, or the same one later, is to be asked: this one is no primary, or the schema has gone. */
const ELSEWHERE = ['25006', '3F000', '42P01', '42883']
/** The last words of a session that the server ends, of which the socket may be open still. */
const ENDED = ['57P01', '57P02', '57P03', '57P04', '57P05', '25P03', '25P04']
const STALE = new Set([...ELSEWHERE, ...ENDED])

/** The error for an engine that cannot be used, with nothing in it that might be secret. */
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

/** Whether a new connection is needed before the engine can be of use. */
export function isStale(reason: unknown): boolean {
  return STALE.has(stateOf(reason))
}

function meaningOf(state: string, said: string): readonly [ErrorCode, string] {
  // The client library's own words where a password is asked for and there is none.
  if (/client password must be/u.test(said))
    return ['FORBIDDEN', 'it asks for a password (CLI_OPS_POSTGRES_PASSWORD)']
  if (/does not support SSL/u.test(said))
    return ['ENGINE_UNAVAILABLE', `it has no TLS, which sslmode requires`]
  return MEANINGS[state] ?? ['ENGINE_UNAVAILABLE', '%s']
}

function stateOf(reason: unknown): string {
  const code = (reason as { readonly code?: unknown } | null)?.code
  return typeof code === 'string' ? code : ''
}

/** The client library hangs the statement's place and arguments on its errors. */
function withoutDetails(reason: unknown): unknown {
  if (!(reason instanceof Error)) return undefined
  const { message, name, code } = reason as NodeJS.ErrnoException
  return Object.assign(new Error(message), { name }, code === undefined ? {} : { code })
}
