import { entryPath } from '../../../base/builtins.js'
import type { LockRequest } from '../../../locks/contract/lock-driver.js'
import type { FileSystem } from '../home/file-system.js'
import { type Claim, describeClaim } from './claim.js'
import type { LockContext } from './lock-context.js'
import type { ResourcePaths } from './resource-paths.js'
import { formatFree, formatHeld, parseFree } from './lock-names.js'
import { swapName } from './swap-name.js'

/** A lock that was just won. */
export interface WonLock {
  /** Path of the state file, which is the lock. */
  readonly entry: string
  readonly token: bigint
}

/**
 * Takes a lock in its usual state: no waiters, and its one state file says that it is free. Every attempt begins here, and in
 * the usual case a command needs no more of the driver. These are the steps of `docs/reference/lock-protocol.md`.
 *
 * Returns `undefined` in any other state, or if a step fails: the next stage checks everything, and reports what is wrong.
 *
 * @param known the token of the free lock, as this process left it: a guess that saves the listing
 */
export function winFreeLock(
  fileSystem: FileSystem,
  { lock, queue }: ResourcePaths,
  id: string,
  identity: string,
  known?: bigint,
): WonLock | undefined {
  try {
    if (fileSystem.status(queue) !== undefined) return undefined
    let last = known
    if (last === undefined) {
      const [name, ...others] = fileSystem.list(lock)
      last = name === undefined || others.length > 0 ? undefined : parseFree(name)
      if (last === undefined) return undefined
    }
    const token = last + 1n
    const held = formatHeld(token, id, identity)
    const entry = entryPath(lock, held)
    return swapName(fileSystem, lock, formatFree(last), held, { witness: entry })
      ? { entry, token }
      : undefined
  } catch {
    return undefined
  }
}

/**
 * Takes a lock in its usual state, as {@link winFreeLock}. Returns `null` if the lock was won and taken away by force: this id has been
 * released, and must not hold it again.
 */
export function takeFreeLock(context: LockContext, request: LockRequest): Claim | null | undefined {
  if (request.mode !== 'exclusive' || !context.home.isUsual()) return undefined
  // Before anything carries its name.
  context.surroundings.announce()
  const { fileSystem, released, identity } = context
  const paths = context.of(request.resource)
  const known = released.get(paths.encoded)
  released.delete(paths.encoded)
  const won = winFreeLock(fileSystem, paths, request.id, identity, known)
  return won && (describeClaim(context, { ...won, paths, request }) ?? null)
}
