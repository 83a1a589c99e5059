import { CliOpsError, describeEngine, isCliOpsError } from '@cli-ops/shared-ipc/driver'

/** The error for an engine that cannot be used, with nothing in it that might be secret. */
export function engineError(url: URL, reason: unknown): CliOpsError {
  if (isCliOpsError(reason)) return reason
  const text = reason instanceof Error ? reason.message : String(reason)
  return new CliOpsError('ENGINE_UNAVAILABLE', `cannot use ${describeEngine(url)}: ${text}`, {
    cause: withoutCommand(reason),
  })
}

/** The client library hangs the failed command on its errors, arguments and all: `AUTH` with the password. */
function withoutCommand(reason: unknown): unknown {
  if (!(reason instanceof Error)) return undefined
  const { message, name, code } = reason as NodeJS.ErrnoException
  return Object.assign(new Error(message), { name }, code === undefined ? {} : { code })
}
