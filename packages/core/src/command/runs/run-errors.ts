import { describeLimit } from '../../base/terminal/units.js'
import { CliOpsError } from '../../base/errors/cli-ops-error.js'
import { describeOwner } from '../../locks/contract/describe-owner.js'
import type { Holder, Owner } from '../../locks/contract/lock-types.js'

/**
 * Creates the error for a run that cannot be replaced: `"deploy" is held by cli-beta sync (pid 4242, dev@build-7), whose rule does not allow replacing it;
 * …`.
 */
export function notReplaceableError(resource: string, holder: Holder): CliOpsError {
  return new CliOpsError(
    'LOCK_HELD',
    `${heldBy(resource, holder)}, whose rule does not allow replacing it${howToEnd(holder.owner)}`,
    { details: detailsOf(resource, holder) },
  )
}

/**
 * Creates the error for a run that cannot be asked to end from here: it is in another container, or belongs to
 * another user.
 */
export function unreachableError(resource: string, holder: Holder, cause?: unknown): CliOpsError {
  return new CliOpsError(
    'LOCK_HELD',
    `${heldBy(resource, holder)}, which cannot be asked to end from here; end it where it runs`,
    { details: detailsOf(resource, holder), cause },
  )
}

/** Creates the error for a run that was asked to end but continues. */
export function graceOverError(resource: string, holder: Holder, graceMs: number): CliOpsError {
  return new CliOpsError(
    'LOCK_TIMEOUT',
    `${JSON.stringify(resource)} is still held by ${describeOwner(holder.owner, holder.label)}, ${describeLimit(graceMs)} after it was asked to end${howToEnd(holder.owner, ' -KILL')}`,
    { details: { ...detailsOf(resource, holder), graceMs } },
  )
}

/** Creates the error for a run that has ended and left a program running that does not end. */
export function jobGraceOverError(
  resource: string,
  holder: Holder,
  { graceMs, pid }: { readonly graceMs: number; readonly pid: number },
): CliOpsError {
  return new CliOpsError(
    'LOCK_TIMEOUT',
    `${JSON.stringify(resource)} was held by ${describeOwner(holder.owner, holder.label)}, which has ended, but a program it started (pid ${pid}) is still running ${describeLimit(graceMs)} after it was asked to end; to end it: kill -KILL ${pid}`,
    { details: { ...detailsOf(resource, holder), graceMs } },
  )
}

/** Creates the outcome of joining a run: how it ended, `null` if unknown. */
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
  // While it is stopped, no other signal reaches it.
  if (state === 'stopped') signal = ' -KILL'
  if (pid <= 0) return host === '' ? '' : `; end it on ${host}`
  return `; to end it: kill${signal} ${pid}`
}

function detailsOf(resource: string, { id, owner, since }: Holder): Record<string, unknown> {
  return { resource, id, owner, since }
}
