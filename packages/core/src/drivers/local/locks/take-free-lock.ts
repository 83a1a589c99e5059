import { entryPath } from '../../../base/builtins.js'
import type { LockRequest } from '../../../locks/contract/lock-driver.js'
import { type Claim, describeClaim } from './claim.js'
import type { LockFiles, ResourcePaths } from './lock-files.js'
import { formatFree, formatHeld, parseFree } from './lock-names.js'
import { swapName } from './swap-name.js'

/**
 * Takes a lock in its usual state: no waiters, and its one state file says that it is free. Every attempt begins here, and in
 * the usual case a command needs no more of the driver. These are the steps of `docs/reference/lock-protocol.md`.
 *
 * Returns `undefined` in any other state, or if a step fails: the next stage checks everything, and reports what is wrong. Returns
 * `null` if the lock was won and taken away by force: this id has been released, and must not hold it again.
 */
export function takeFreeLock(context: LockFiles, request: LockRequest): Claim | null | undefined {
  if (request.mode !== 'exclusive' || !context.home.isUsual()) return undefined
  const { fileSystem } = context
  const paths = context.of(request.resource)
  let won: Omit<Claim, 'since'>
  try {
    if (fileSystem.status(paths.queue) !== undefined) return undefined
    const last = lastToken(context, paths)
    if (last === undefined || !context.canBeJudged()) return undefined
    const token = last + 1n
    const held = formatHeld(token, request.id, context.identity)
    const entry = entryPath(paths.lock, held)
    won = { paths, request, entry, token }
    if (!swapName(fileSystem, paths.lock, formatFree(last), held, { witness: entry }))
      return undefined
  } catch {
    return undefined
  }
  return describeClaim(context, won) ?? null
}

/** Returns the token of a free lock, as this process left it or as it is listed. */
function lastToken({ fileSystem, released }: LockFiles, paths: ResourcePaths): bigint | undefined {
  const guess = released.get(paths.encoded)
  released.delete(paths.encoded)
  if (guess !== undefined) return guess
  const [name, ...others] = fileSystem.list(paths.lock)
  return name === undefined || others.length > 0 ? undefined : parseFree(name)
}
