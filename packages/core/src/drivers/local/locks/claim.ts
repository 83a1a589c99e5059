import { debug } from '../../../base/terminal/message.js'
import type { LockRequest } from '../../../locks/contract/lock-driver.js'
import type { LockFiles, ResourcePaths } from './lock-files.js'
import { formatFree } from './lock-names.js'
import { formatOwnerRecord } from './owner-record.js'
import { swapNamePatiently } from './swap-name.js'

/** A lock that was won. The file under this name is the lock. */
export interface Claim {
  readonly paths: ResourcePaths
  readonly request: LockRequest
  /** Path of the file: the state file, or the sharer's own. */
  readonly entry: string
  readonly token: bigint
  /** Milliseconds since the epoch. */
  readonly since: number
}

const MAX_REMEMBERED = 1000

/**
 * Writes the holder's description into the won file. Returns no claim if the lock was already taken away by force.
 */
export function describeClaim(context: LockFiles, won: Omit<Claim, 'since'>): Claim | undefined {
  const { fileSystem, clock } = context
  const claim = { ...won, since: clock.now() }
  try {
    const content = formatOwnerRecord({ ...claim.request, ...claim })
    return fileSystem.overwrite(claim.entry, content) ? claim : undefined
  } catch (error) {
    // The content is only for people: a full disk must not lose a lock that is already held.
    debug(() => `cannot describe the holder of ${claim.request.resource}: ${String(error)}`)
    return fileSystem.status(claim.entry) === undefined ? undefined : claim
  }
}

/** Releases a lock; returns false if it was gone. Repeating it, or calling it after the loss, does nothing. */
export function releaseClaim(
  { fileSystem, home, released }: LockFiles,
  { entry, paths, request, token }: Claim,
): boolean {
  try {
    if (request.mode === 'shared') return fileSystem.unlink(entry)
    const held = entry.slice(paths.lock.length + 1)
    if (!swapNamePatiently(fileSystem, paths.lock, held, formatFree(token))) return false
  } catch (error) {
    throw home.failure(error)
  }
  if (released.size >= MAX_REMEMBERED) released.clear()
  released.set(paths.encoded, token)
  return true
}
