import { CliOpsError, describeEngine, isCliOpsError, printable } from '@cli-ops/shared-ipc/driver'

/** Returns the error for a hub that cannot be used, without anything that might be secret. */
export function engineError(url: URL, reason: unknown): CliOpsError {
  if (isCliOpsError(reason)) return reason
  const text = reason instanceof Error ? reason.message || codeOf(reason) : String(reason)
  const message = `cannot use ${describeEngine(url)}: ${printable(text)}${remedyFor(url, text)}`
  return new CliOpsError('ENGINE_UNAVAILABLE', message, {
    cause: reason instanceof Error ? reason : undefined,
  })
}

/** Something else than a hub answers, or a hub that does not speak TLS, or does. */
function remedyFor({ protocol }: URL, text: string): string {
  if (protocol === 'wss:' && /before secure TLS|wrong version number/u.test(text))
    return '; is it a hub with TLS? Without TLS, its URL begins with ws://'
  if (protocol === 'ws:' && /socket hang up|^Parse Error/u.test(text))
    return '; is it a hub without TLS? With TLS, its URL begins with wss://'
  return ''
}

/** An attempt on all addresses of a name fails with an error that has no message. */
function codeOf(error: Error): string {
  return (error as NodeJS.ErrnoException).code ?? error.name
}
