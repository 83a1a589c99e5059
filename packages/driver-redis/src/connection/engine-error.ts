import {
  CliOpsError,
  describeEngine,
  type ErrorCode,
  isCliOpsError,
} from '@cli-ops/shared-ipc/driver'

/** Replies that a person can do something about, and what they mean. */
const MEANINGS: readonly (readonly [pattern: RegExp, code: ErrorCode, remedy: string])[] = [
  [
    // The last pattern is a script's reply on a connection whose user no longer exists.
    /^(?:WRONGPASS|NOAUTH) |unauthenticated (?:multi)?bulk length/u,
    'FORBIDDEN',
    ' (CLI_OPS_REDIS_USERNAME, CLI_OPS_REDIS_PASSWORD or CLI_OPS_REDIS_PASSWORD_FILE)',
  ],
  [
    /^NOPERM |ACL failure|executing the script can't|access at least one|No permissions/u,
    'FORBIDDEN',
    '; docs/guides/redis.md lists the rights that a user needs',
  ],
  [
    /\bOOM command not allowed/u,
    'ENGINE_UNAVAILABLE',
    '; the server is full: raise its maxmemory, or free some of its memory',
  ],
  [
    // The reply to a client, and to a script.
    /^(?:ERR )?[Uu]nknown (?:Redis )?command/u,
    'UNSUPPORTED',
    '; the server has disabled or renamed a command (rename-command)',
  ],
  [
    // From `acl_check_cmd` in a script.
    /Invalid command passed to/u,
    'UNSUPPORTED',
    '; the server has disabled or renamed HSET or PUBLISH (rename-command)',
  ],
  [
    /max number of clients/u,
    'ENGINE_UNAVAILABLE',
    '; raise its maxclients, or end some of its clients',
  ],
  [/DB index is out of range/u, 'ENGINE_UNAVAILABLE', '; the URL path is the number of a database'],
  [/^MISCONF /u, 'ENGINE_UNAVAILABLE', '; the server cannot write to its disk'],
]

/** Returns the error for an engine that cannot be used, without anything that might be secret. */
export function engineError(url: URL, reason: unknown): CliOpsError {
  if (isCliOpsError(reason)) return reason
  const text = withoutArguments(reason instanceof Error ? reason.message : String(reason))
  const [, code, remedy] = MEANINGS.find(([pattern]) => pattern.test(text)) ?? [
    undefined,
    'ENGINE_UNAVAILABLE',
    '',
  ]
  return new CliOpsError(code, `cannot use ${describeEngine(url)}: ${text}${remedy}`, {
    cause: withoutCommand(reason),
  })
}

/** The server quotes what it did not understand, and where in a script it was: an event, for example. */
function withoutArguments(text: string): string {
  return text.replace(/,? (?:with args beginning with:|script: [\da-f]{40},) .*$/su, '')
}

/** The client library attaches the failed command to its errors, arguments included: `AUTH` with the password. */
function withoutCommand(reason: unknown): unknown {
  if (!(reason instanceof Error)) return undefined
  const { message, name, code } = reason as NodeJS.ErrnoException
  return Object.assign(
    new Error(withoutArguments(message)),
    { name },
    code === undefined ? {} : { code },
  )
}
