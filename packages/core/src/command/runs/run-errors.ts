import { describeDuration } from '../../base/terminal/units.js'
import { CliOpsError } from '../../base/errors/cli-ops-error.js'
import { describeOwner } from '../../locks/contract/describe-owner.js'
import type { Holder, Owner } from '../../locks/contract/lock-types.js'

/** The error for a run that may not be replaced: `"deploy" is held by cli-beta sync (pid 4242, dev@build-7), whose rule does not let it be replaced; …`. */
export function notReplaceableError(resource: string, holder: Holder): CliOpsError {
  return new CliOpsError(
    'LOCK_HELD',
    `${heldBy(resource, holder)}, whose rule does not let it be replaced${howToEnd(holder.owner)}`,
    { details: detailsOf(resource, holder) },
  )
}

/** The error for a run that nobody here can ask to end: it is in another container, or belongs to another user. */
export function unreachableError(resource: string, holder: Holder, cause?: unknown): CliOpsError {
  return new CliOpsError(
    'LOCK_HELD',
    `${heldBy(resource, holder)}, which cannot be asked to end from here; end it where it runs`,
    { details: detailsOf(resource, holder), cause },
  )
}

/** The error for a run that was asked to end and goes on. */
export function graceOverError(resource: string, holder: Holder, graceMs: number): CliOpsError {
  return new CliOpsError(
    'LOCK_TIMEOUT',
    `${JSON.stringify(resource)} is still held by ${describeOwner(holder.owner, holder.label)}, ${describeDuration(graceMs)} after it was asked to end${howToEnd(holder.owner, ' -KILL')}`,
    { details: { ...detailsOf(resource, holder), graceMs } },
  )
}

/** What comes of joining a run: how it ended, `null` where nobody knows. */
export function runJoinedError(
  resource: string,
  holder: Holder,
  exitCode: number | null,
): CliOpsError {
  const how =
    exitCode === null
      ? 'with an unknown exit code, so this one exits with 1'
      : `with exit code ${exitCode}`
  return new CliOpsError(
    'RUN_JOINED',
    `${JSON.stringify(resource)} was held by ${describeOwner(holder.owner, holder.label)}, which ended ${how}`,
    { details: { ...detailsOf(resource, holder), exitCode } },
  )
}

function heldBy(resource: string, { owner, label }: Holder): string {
  return `${JSON.stringify(resource)} is held by ${describeOwner(owner, label)}`
}

function howToEnd({ pid, host, state }: Owner, signal = ''): string {
  // Stopped, it hears of no other signal.
  if (state === 'stopped') signal = ' -KILL'
  if (pid <= 0) return host === '' ? '' : `; end it on ${host}`
  return `; to end it: kill${signal} ${pid}`
}

function detailsOf(resource: string, { id, owner, since }: Holder): Record<string, unknown> {
  return { resource, id, owner, since }
}
