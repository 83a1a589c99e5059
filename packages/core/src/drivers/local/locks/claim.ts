import type { LockRequest } from '../../../locks/contract/lock-driver.js'
import type { FileSystem } from '../home/file-system.js'
import type { ResourcePaths } from './resource-paths.js'
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

/** What a claim needs to be described and released. */
export interface ClaimContext {
  readonly fileSystem: FileSystem
  readonly clock: { now(): number }
  /** The tokens of this process's last releases, by lock. */
  readonly released: Map<string, bigint>
  /** Returns the error to throw if the file system fails. */
  readonly failure: (error: unknown) => unknown
}

const MAX_REMEMBERED = 1000

/**
 * Writes the holder's description into the won file. Returns no claim if the lock was already taken away by force.
 */
export function describeClaim(context: ClaimContext, won: Omit<Claim, 'since'>): Claim | undefined {
  const { fileSystem, clock } = context
  const claim = { ...won, since: clock.now() }
  try {
    const content = formatOwnerRecord({ ...claim.request, ...claim })
    return fileSystem.overwrite(claim.entry, content) ? claim : undefined
  } catch {
    // The content is only for people: a full disk must not lose a lock that is already held.
    return fileSystem.status(claim.entry) === undefined ? undefined : claim
  }
}

/** Releases a lock; returns false if it was gone. Repeating it, or calling it after the loss, does nothing. */
export function releaseClaim(
  { fileSystem, failure, released }: ClaimContext,
  { entry, paths, request, token }: Claim,
): boolean {
  try {
    if (request.mode === 'shared') return fileSystem.unlink(entry)
    const held = entry.slice(paths.lock.length + 1)
    if (!swapNamePatiently(fileSystem, paths.lock, held, formatFree(token))) return false
  } catch (error) {
    throw failure(error)
  }
  if (released.size >= MAX_REMEMBERED) released.clear()
  released.set(paths.encoded, token)
  return true
}
