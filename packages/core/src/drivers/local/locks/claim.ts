import { debug } from '../../../base/terminal/message.js'
import type { LockRequest } from '../../../locks/contract/lock-driver.js'
import type { LockFiles, ResourcePaths } from './lock-files.js'
import { formatFree } from './lock-names.js'
import { formatOwnerRecord } from './owner-record.js'
import { swapNamePatiently } from './swap-name.js'

/** A lock that was won: the file under this name is what there is to own. */
export interface Claim {
  readonly paths: ResourcePaths
  readonly request: LockRequest
  /** Path of the file: the state file, or a sharer's own. */
  readonly entry: string
  readonly token: bigint
  /** Milliseconds since the epoch. */
  readonly since: number
}

const MAX_REMEMBERED = 1000

/** Describes the holder in the file that was won. There is no claim where that was taken by force already. */
export function describeClaim(context: LockFiles, won: Omit<Claim, 'since'>): Claim | undefined {
  const { fileSystem, clock } = context
  const claim = { ...won, since: clock.now() }
  try {
    const content = formatOwnerRecord({ ...claim.request, ...claim })
    return fileSystem.overwrite(claim.entry, content) ? claim : undefined
  } catch (error) {
    // The content is for people only: a full disk must not cost the lock that is held already.
    debug(() => `cannot describe the holder of ${claim.request.resource}: ${String(error)}`)
    return fileSystem.status(claim.entry) === undefined ? undefined : claim
  }
}

/** Gives a lock back; false where it was gone. Doing it twice, or after the loss, does nothing. */
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
