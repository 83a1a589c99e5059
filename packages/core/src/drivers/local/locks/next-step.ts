import type { LockMode } from '../../../locks/contract/lock-types.js'
import { describeKilled } from './inspect-locks.js'
import type { StateName } from './lock-names.js'
import type { ResourcePaths } from './resource-paths.js'
import type { LockContext } from './lock-context.js'
import { readLockState, removeDeadSharers } from './lock-state.js'
import { firstToken } from './token-floor.js'

/** The change of state that is a grant: the process that renames `from` has the lock, under this token. */
export interface Step {
  readonly from: string
  readonly token: bigint
}

/** Decides how a lock in a state can be taken; returns `undefined` if a holder that is not proven dead has it. */
export function nextStep(
  context: LockContext,
  paths: ResourcePaths,
  { kind, text, token, holder }: StateName,
  mode: LockMode,
): Step | undefined {
  if (holder !== undefined && context.judge(holder.identity) !== 'dead') return undefined
  if (kind === 'shared' && mode === 'exclusive' && hasSharers(context, paths)) return undefined
  // Read after the state was seen: by then the floor covers all grants of a former directory.
  return { from: text, token: kind === 'new' ? firstToken(context) : token + 1n }
}

/**
 * Returns whether a lock seen as `shared` has sharers. It needs a separate listing: a sharer's file exists before the
 * state says so, so a listing that begins after the state was seen shows it. A later sharer changes the state again.
 */
function hasSharers(context: LockContext, paths: ResourcePaths): boolean {
  const { sharers } = readLockState(context, paths)
  const killed = sharers
    .filter(({ identity }) => context.judge(identity) === 'dead')
    .map((name) => describeKilled(context, paths, name))
  const left = removeDeadSharers(context, paths, sharers)
  for (const holder of killed) context.surroundings.onKilledHolder?.(holder)
  return left.length > 0
}
