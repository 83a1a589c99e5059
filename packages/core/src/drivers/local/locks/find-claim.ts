import { entryPath } from '../../../base/builtins.js'
import type { LockRequest } from '../../../locks/contract/lock-driver.js'
import { storageError } from '../home/home.js'
import type { Claim } from './claim.js'
import type { LockContext } from './lock-context.js'
import { holdersOf, readLockState } from './lock-state.js'

/** Returns the claim that a request won on behalf of the same owner; `undefined` if it no longer holds the lock. */
export function findClaim(
  context: LockContext,
  request: LockRequest,
  token: bigint,
): Claim | undefined {
  const paths = context.of(request.resource)
  const own = context.surroundings.identity()
  try {
    const { state, sharers } = readLockState(context, paths)
    const isShared = request.mode === 'shared'
    if (isShared ? state?.kind !== 'shared' : state?.token !== token) return undefined
    const names = isShared ? sharers : holdersOf({ state, sharers, foreign: [] })
    // A name also contains the time when its owner was examined, which was another time.
    const name = names.find(
      ({ id, identity: { pid, start } }) =>
        id === request.id && pid === own.pid && start === own.start,
    )
    if (name === undefined) return undefined
    const entry = entryPath(paths.lock, name.text)
    const since = context.fileSystem.status(entry)?.modifiedMs ?? context.clock.now()
    return { paths, request, entry, token, since }
  } catch (error) {
    throw storageError(error, context.home.root)
  }
}
