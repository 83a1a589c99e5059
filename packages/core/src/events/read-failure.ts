import { callSafely } from '../base/errors/call-safely.js'
import { errorText } from '../base/errors/error-text.js'
import { warnOnce } from '../base/terminal/message.js'
import { isCliOpsError } from '../base/errors/cli-ops-error.js'
import { pause } from '../base/wait/pause.js'
import type { EventFeed } from './event-feed.js'
import type { SubscribeOptions } from './event-options.js'

const RETRY_AFTER_MS = 1000

/** The subscription that cannot read, and its error handler. */
export interface FailedRead {
  readonly feed: EventFeed
  readonly pattern: string
  readonly options: Pick<SubscribeOptions, 'onReadError'>
}

/**
 * Reports that events cannot be read, and waits a moment if the error is retryable. False if it is not, or if the feed never opened:
 * then the host continues without events.
 */
export async function isWorthAnotherTry(
  error: unknown,
  { feed, pattern, options: { onReadError } }: FailedRead,
  signal: AbortSignal,
): Promise<boolean> {
  const reason = errorText(error)
  const warn = (): void => {
    warnOnce(`read ${reason}`, `events "${pattern}" are not received: ${reason}`)
  }
  if (onReadError === undefined) warn()
  else callSafely(() => onReadError(error), warn)
  const opened = await feed.ready.then(
    () => true,
    () => false,
  )
  if (!opened || !isCliOpsError(error) || !error.retryable) return false
  await pause(RETRY_AFTER_MS, signal)
  return true
}
