import type { LockGrant } from '../../../packages/core/src/locks/contract/lock-driver.js'
import type { Program, SimulatedProcess } from '../engine/program.js'
import { HOME } from '../engine/simulated-file-system.js'
import { hold, type LockGhost, NO_TOKEN } from '../scenarios/lock-ghost.js'

const STALE_MS = 10_000
const LOCK = `${HOME}/db.lock`

/**
 * How proper-lockfile takes a lock: mkdir; if it exists, stat; if that is old, rmdir and mkdir again. The rmdir can hit
 * the lock of a faster process that did the same.
 */
export const breaksStale: Program<LockGhost> = (process) => {
  if (!take(process)) return
  const grant: LockGrant = {
    id: `p${process.index}`,
    token: NO_TOKEN,
    grantedAt: new Date(0),
    isHeld: () => process.fileSystem.status(LOCK) !== undefined,
    onLost: () => () => undefined,
    release: () => undefined,
    releaseSync: () => removeIfThere(process),
  }
  hold(process, grant, 'exclusive')
}

/** What a killed process left a minute ago. */
export const leavesStale: Program<LockGhost> = (process) => {
  process.fileSystem.makeDirectory(LOCK)
}

function take(process: SimulatedProcess<LockGhost>): boolean {
  const { fileSystem } = process
  if (make()) return true
  const status = fileSystem.status(LOCK)
  if (status !== undefined && process.now() - status.modifiedMs < STALE_MS) return false
  if (status !== undefined) removeIfThere(process)
  return make()

  function make(): boolean {
    try {
      fileSystem.makeDirectory(LOCK)
      return true
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
      throw error
    }
  }
}

function removeIfThere({ fileSystem }: SimulatedProcess<LockGhost>): void {
  try {
    fileSystem.removeDirectory(LOCK)
  } catch {
    // Another process did.
  }
}
