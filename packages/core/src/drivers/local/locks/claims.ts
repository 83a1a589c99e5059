import { entryPath } from '../../../base/builtins.js'
import type { LockRequest } from '../../../locks/contract/lock-driver.js'
import { beginLock } from './begin-lock.js'
import { type Claim, describeClaim } from './claim.js'
import { describeKilled } from './inspect-locks.js'
import type { ResourcePaths } from './resource-paths.js'
import {
  formatFree,
  formatHeld,
  formatShared,
  formatSharer,
  parseStateName,
  type StateName,
} from './lock-names.js'
import type { LockContext } from './lock-context.js'
import { readLockState } from './lock-state.js'
import { nextStep, type Step } from './next-step.js'
import { swapName } from './swap-name.js'

/** Each repetition means that another process took a step, so this is hardly ever reached. */
const MAX_ATTEMPTS = 100

/** What a caller that tries again knows from before, and wants to know. */
export interface Attempt {
  /** The token of a holder that has probably released the lock: a guess at the state. A wrong one costs a call. */
  readonly released?: bigint | undefined
  /** Told if another process, not proven dead, holds the lock exclusively. */
  readonly onHeld?: (state: StateName) => void
}

/**
 * Tries once to take a lock without checking the queue; returns `undefined` if it is busy.
 *
 * A crash at any step leaves the old state or the new one, under a name that proves its owner, or a sharer's file that
 * confers no rights.
 *
 * @throws CliOpsError `STORAGE_FAILED`, `INSECURE_DIRECTORY`
 */
export function tryClaim(
  context: LockContext,
  request: LockRequest,
  attempt: Attempt = {},
): Claim | undefined {
  const paths = context.of(request.resource)
  context.home.prepare()
  context.surroundings.announce()
  try {
    return request.mode === 'exclusive'
      ? claimExclusive(context, request, paths, attempt)
      : claimShared(context, request, paths)
  } catch (error) {
    throw context.home.failure(error)
  }
}

function claimExclusive(
  context: LockContext,
  request: LockRequest,
  paths: ResourcePaths,
  { released, onHeld }: Attempt,
): Claim | undefined {
  if (released !== undefined) {
    const guess = { from: formatFree(released), token: released + 1n }
    const won = takeStep(context, request, paths, guess)
    if (won !== undefined) return describeClaim(context, won)
  }
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    const seen = readLockState(context, paths)
    if (seen.state === undefined) {
      if (!beginLock(context, paths, seen)) return undefined
      continue
    }
    const step = nextStep(context, paths, seen.state, 'exclusive')
    if (step === undefined) {
      if (seen.state.kind === 'held') onHeld?.(seen.state)
      return undefined
    }
    const won = takeStep(context, request, paths, step)
    if (won === undefined) continue
    tellOfDeath(context, paths, step.from, won.entry)
    return describeClaim(context, won)
  }
  return undefined
}

/** Returns `undefined` if another process took a step first. */
function takeStep(
  context: LockContext,
  request: LockRequest,
  paths: ResourcePaths,
  { from, token }: Step,
): Omit<Claim, 'since'> | undefined {
  const name = formatHeld(token, request.id, context.identity)
  const entry = entryPath(paths.lock, name)
  const won = swapName(context.fileSystem, paths.lock, from, name, { witness: entry })
  return won ? { paths, request, entry, token } : undefined
}

/**
 * Takes a lock to share it. The sharer's own file comes first: a process that takes the lock exclusively finds either
 * that file, or the state unchanged, in which case the sharer's step fails.
 */
function claimShared(
  context: LockContext,
  request: LockRequest,
  paths: ResourcePaths,
): Claim | undefined {
  const { fileSystem } = context
  const entry = entryPath(paths.lock, formatSharer(request.id, context.identity))
  let isThere = false
  let claim: Claim | undefined
  try {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
      const seen = readLockState(context, paths)
      if (seen.state === undefined) {
        // The directory is being removed, and this file would keep it there.
        if (isThere) {
          fileSystem.unlink(entry)
          isThere = false
        } else if (!beginLock(context, paths, seen)) return undefined
        continue
      }
      const step = nextStep(context, paths, seen.state, 'shared')
      if (step === undefined) return undefined
      isThere ||= createIn(context, entry)
      const shared = formatShared(step.token)
      if (!isThere || !swapName(fileSystem, paths.lock, step.from, shared)) continue
      tellOfDeath(context, paths, step.from, entryPath(paths.lock, shared))
      claim = describeClaim(context, { paths, request, entry, token: step.token })
      return claim
    }
    return undefined
  } finally {
    // Also after a failed check: a file left behind would lock out everyone until this process ends.
    if (isThere && claim === undefined) fileSystem.unlink(entry)
  }
}

/** A lock that was held until it was taken had a dead owner. @param entry the file under its new name, which nobody has written to since */
function tellOfDeath(
  context: LockContext,
  paths: ResourcePaths,
  taken: string,
  entry: string,
): void {
  const holder = taken.startsWith('held~') ? parseStateName(taken)?.holder : undefined
  if (holder === undefined) return
  const { surroundings } = context
  surroundings.onDeadOwner?.(holder.identity)
  surroundings.onKilledHolder?.(describeKilled(context, paths, holder, entry))
}

/** Creates a file in a lock's directory; returns false if the directory has gone. */
function createIn({ fileSystem }: LockContext, path: string): boolean {
  try {
    fileSystem.createFile(path, '')
    return true
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return false
    // NFS can report the failure of a repeated request; no other process creates a file of this name.
    if (code === 'EEXIST') return true
    throw error
  }
}
