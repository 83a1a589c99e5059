import { CliOpsError } from '../base/errors/cli-ops-error.js'
import type { EventGap } from './contract/event-types.js'

/** The error of a reader without an `onGap`. `details.resumeAt` is where to continue. */
export function gapError(gap: EventGap): CliOpsError {
  return new CliOpsError('CURSOR_GAP', describeGap(gap), { details: { ...gap } })
}

/** Describes a gap in one line. */
export function describeGap({ expected, resumeAt, missed }: EventGap): string {
  // 0 after a log that began anew: nothing is known to be missing, but the position is not in it.
  const events = missed === undefined || missed === 0 ? 'events' : `${missed} events`
  return `${events} between ${expected} and ${resumeAt} have expired or were lost before they were read`
}
