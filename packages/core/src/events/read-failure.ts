import { errorText } from '../base/errors/error-text.js'
import { warnOnce } from '../base/terminal/message.js'
import { isCliOpsError } from '../base/errors/cli-ops-error.js'
import { pause } from '../base/wait/pause.js'
import type { SubscriptionParts } from './running-subscription.js'

const RETRY_AFTER_MS = 1000

/**
 * Says once that events cannot be read, and waits a moment where it may pass. False where it will not, or where the
 * events could not be opened in the first place: then the host goes on without them.
 */
export async function isWorthAnotherTry(
  error: unknown,
  { feed, pattern }: Pick<SubscriptionParts, 'feed' | 'pattern'>,
  signal: AbortSignal,
): Promise<boolean> {
  const reason = errorText(error)
  warnOnce(`read ${reason}`, `events "${pattern}" are not received: ${reason}`)
  const opened = await feed.ready.then(
    () => true,
    () => false,
  )
  if (!opened || !isCliOpsError(error) || !error.retryable) return false
  await pause(RETRY_AFTER_MS, signal)
  return true
}
