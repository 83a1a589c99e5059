import { CliOpsError, describeEngine, isCliOpsError } from '@cli-ops/shared-ipc/driver'

/** Replies that a person can do something about, and what they mean. */
const MEANINGS: readonly (readonly [
  pattern: RegExp,
  code: 'FORBIDDEN' | 'ENGINE_UNAVAILABLE',
  remedy: string,
])[] = [
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
  [/^MISCONF /u, 'ENGINE_UNAVAILABLE', '; the server cannot write to its disk'],
]

/** Returns the error for an engine that cannot be used, without anything that might be secret. */
export function engineError(url: URL, reason: unknown): CliOpsError {
  if (isCliOpsError(reason)) return reason
  const text = reason instanceof Error ? reason.message : String(reason)
  const [, code, remedy] = MEANINGS.find(([pattern]) => pattern.test(text)) ?? [
    undefined,
    'ENGINE_UNAVAILABLE',
    '',
  ]
  return new CliOpsError(code, `cannot use ${describeEngine(url)}: ${text}${remedy}`, {
    cause: withoutCommand(reason),
  })
}

/** The client library attaches the failed command to its errors, arguments included: `AUTH` with the password. */
function withoutCommand(reason: unknown): unknown {
  if (!(reason instanceof Error)) return undefined
  const { message, name, code } = reason as NodeJS.ErrnoException
  return Object.assign(new Error(message), { name }, code === undefined ? {} : { code })
}
