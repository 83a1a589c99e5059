import { CliOpsError, describeEngine, isCliOpsError, printable } from '@cli-ops/shared-ipc/driver'

/** Returns the error for a hub that cannot be used, without anything that might be secret. */
export function engineError(url: URL, reason: unknown): CliOpsError {
  if (isCliOpsError(reason)) return reason
  const text = reason instanceof Error ? reason.message || codeOf(reason) : String(reason)
  const message = `cannot use ${describeEngine(url)}: ${printable(text)}`
  return new CliOpsError('ENGINE_UNAVAILABLE', message, {
    cause: reason instanceof Error ? reason : undefined,
  })
}

/** An attempt on all addresses of a name fails with an error that has no message. */
function codeOf(error: Error): string {
  return (error as NodeJS.ErrnoException).code ?? error.name
}
