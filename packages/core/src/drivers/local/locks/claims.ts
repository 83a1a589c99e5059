import { debug } from '../../../diagnostics/message.js'
import { entryPath } from '../../../process/builtins.js'
import type { LockRequest } from '../../lock-driver.js'
import { storageError } from '../home.js'
import { beginLock } from './begin-lock.js'
import { formatFree, formatHeld, formatShared, formatSharer } from './lock-names.js'
import type { LockPlace, ResourcePaths } from './lock-place.js'
import { readLockState } from './lock-state.js'
import { nextStep, type Step } from './next-step.js'
import { formatOwnerRecord } from './owner-record.js'
import { swapName, swapNamePatiently } from './swap-name.js'

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

/** Each repetition means that another process took a step, so this is hardly ever reached. */
const MAX_ATTEMPTS = 100
const MAX_REMEMBERED = 1000

/**
 * Tries once to take a lock, without a look at the queue; `undefined` where it is occupied.
 *
 * A crash at any step leaves the old state or the new one, under a name that proves whose it is; or a sharer's file that
 * gives no right to anything.
 *
 * @throws CliOpsError `STORAGE_FAILED`, `INSECURE_DIRECTORY`
 */
export function tryClaim(place: LockPlace, request: LockRequest): Claim | undefined {
  const paths = place.of(request.resource)
  place.home.prepare()
  try {
    return request.mode === 'exclusive'
      ? claimExclusive(place, request, paths)
      : claimShared(place, request, paths)
  } catch (error) {
    throw storageError(error, place.home.root)
  }
}

/** Gives a lock back. Doing it twice, or after the loss, does nothing. */
export function releaseClaim(place: LockPlace, { entry, paths, request, token }: Claim): void {
  const { fileSystem, home, released } = place
  try {
    if (request.mode === 'shared') {
      fileSystem.unlink(entry)
      return
    }
    const held = formatHeld(token, request.id, place.identity)
    if (!swapNamePatiently(fileSystem, paths.lock, held, formatFree(token))) return
  } catch (error) {
    throw storageError(error, home.root)
  }
  if (released.size >= MAX_REMEMBERED) released.clear()
  released.set(paths.encoded, token)
}

function claimExclusive(
  place: LockPlace,
  request: LockRequest,
  paths: ResourcePaths,
): Claim | undefined {
  let step = guessStep(place, paths)
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    if (step === undefined) {
      const seen = readLockState(place, paths)
      if (seen.state === undefined) {
        if (!beginLock(place, paths, seen)) return undefined
        continue
      }
      step = nextStep(place, paths, seen.state, 'exclusive')
      if (step === undefined) return undefined
    }
    const name = formatHeld(step.token, request.id, place.identity)
    const entry = entryPath(paths.lock, name)
    const won = swapName(place.fileSystem, paths.lock, step.from, name, { witness: entry })
    if (won) return record(place, { paths, request, entry, token: step.token })
    step = undefined
  }
  return undefined
}

/**
 * Takes a lock to share it. The sharer's own file comes first: whoever takes the lock for itself alone finds either that
 * file, or the state unchanged, and in the second case the sharer's step fails.
 */
function claimShared(
  place: LockPlace,
  request: LockRequest,
  paths: ResourcePaths,
): Claim | undefined {
  const { fileSystem } = place
  const entry = entryPath(paths.lock, formatSharer(request.id, place.identity))
  let isThere = false
  let claim: Claim | undefined
  try {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
      const seen = readLockState(place, paths)
      if (seen.state === undefined) {
        // The directory is on its way out, and this file would keep it there.
        if (isThere) {
          fileSystem.unlink(entry)
          isThere = false
        } else if (!beginLock(place, paths, seen)) return undefined
        continue
      }
      const step = nextStep(place, paths, seen.state, 'shared')
      if (step === undefined) return undefined
      isThere ||= createIn(place, entry)
      if (!isThere || !swapName(fileSystem, paths.lock, step.from, formatShared(step.token)))
        continue
      claim = record(place, { paths, request, entry, token: step.token })
      return claim
    }
    return undefined
  } finally {
    // Also where a look failed: a file that stayed would lock everybody out until this process ends.
    if (isThere && claim === undefined) fileSystem.unlink(entry)
  }
}

/** What this process left behind is probably still there. */
function guessStep({ released }: LockPlace, { encoded }: ResourcePaths): Step | undefined {
  const token = released.get(encoded)
  released.delete(encoded)
  return token === undefined ? undefined : { from: formatFree(token), token: token + 1n }
}

/** Creates a file in a lock's directory; false where there is no directory any more. */
function createIn({ fileSystem }: LockPlace, path: string): boolean {
  try {
    fileSystem.createFile(path, '')
    return true
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return false
    // NFS may report the failure of a repeated request; nobody else makes a file of this name.
    if (code === 'EEXIST') return true
    throw error
  }
}

/** Describes the holder in the file that was won. There is no claim where that was taken by force already. */
function record(place: LockPlace, won: Omit<Claim, 'since'>): Claim | undefined {
  const { fileSystem, clock } = place
  const claim = { ...won, since: clock.now() }
  try {
    const isThere = fileSystem.overwrite(
      claim.entry,
      formatOwnerRecord({ ...claim.request, ...claim }),
    )
    return isThere ? claim : undefined
  } catch (error) {
    // The content is for people only: a full disk must not cost the lock that is held already.
    debug(() => `cannot describe the holder of ${claim.request.resource}: ${String(error)}`)
    return fileSystem.status(claim.entry) === undefined ? undefined : claim
  }
}
